"""The page of a review, in a real browser: what a plan says stays text, and a search finds it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from brickyard_review.model import (
    AccessChange,
    Action,
    AttributeChange,
    Blast,
    Change,
    Counts,
    Finding,
    GraphEdge,
    GraphNode,
    Review,
    Severity,
    Shown,
    ShownKind,
    StackReview,
    Verdict,
)
from brickyard_review.render.html.page import to_html

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">\"'><b>"
CATALOG = 'databricks_catalog.it["a"]'

CHANGE = Change(
    address=CATALOG,
    type="databricks_catalog",
    action=Action.REPLACE,
    title=f"catalog sales {EVIL}",
    construct="prod-platform/catalog",
    forced_by=("name",),
    sentences=(f"is renamed {EVIL}",),
    attributes=(
        AttributeChange(
            path="name",
            before=Shown(kind=ShownKind.VALUE, text=EVIL),
            after=Shown(kind=ShownKind.UNKNOWN, text=""),
            forces_replacement=True,
        ),
    ),
)
JOB = replace(
    CHANGE, address="databricks_job.train", title="job train", action=Action.UPDATE, sentences=(), attributes=()
)
FINDING = Finding(
    id="f-1",
    rule="data-destroyed",
    severity=Severity.DANGER,
    title=f"Data is destroyed {EVIL}",
    message=EVIL,
    why="It cannot be brought back.",
    fix="Keep the name.",
    address=CATALOG,
)
STACK = StackReview(
    name=f"prod {EVIL}",
    plan="plan.json",
    verdict=Verdict.DANGEROUS,
    headline=EVIL,
    counts=Counts(replace=1, update=1),
    findings=(FINDING,),
    changes=(CHANGE, JOB),
    access=(AccessChange(principal=EVIL, securable="catalog sales", lost=("USE_CATALOG",), address=CATALOG),),
    blast=Blast(
        nodes=(
            GraphNode(address=CATALOG, action=Action.REPLACE, depth=0),
            GraphNode(address=EVIL, action=Action.NO_OP, depth=1),
        ),
        edges=(GraphEdge(origin=CATALOG, dependent=EVIL),),
    ),
)
REVIEW = Review(
    verdict=Verdict.DANGEROUS,
    headline="1 catalog is replaced",
    threshold=Severity.DANGER,
    exit_code=2,
    counts=Counts(replace=1, update=1),
    stacks=(STACK,),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine: pages were not looked at")
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=list(quiet), chromium_sandbox=os.geteuid() != 0
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    file = tmp_path / "review.html"
    file.write_text(to_html(REVIEW), encoding="utf-8")
    opened = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    yield opened
    assert said == []
    assert asked == [file.as_uri()]
    opened.close()


def test_texts_of_a_plan_stay_texts(page: Page) -> None:
    assert page.title() == "Plan review: dangerous"
    assert page.locator("img").count() == 0
    assert EVIL in page.locator(".finding").inner_text()
    assert page.locator("svg title").all_text_contents() == [f"{CATALOG}  (replace)", EVIL]


def test_the_verdict_and_the_dangers_are_seen_without_a_click(page: Page) -> None:
    assert "dangerous" in page.locator("h1").inner_text()
    assert page.locator(".finding.danger").is_visible()
    assert "USE_CATALOG" in page.locator(".lost").first.inner_text()
    assert not page.get_by_text("forces replacement").is_visible()
    page.locator("details").first.click(position={"x": 20, "y": 12})
    assert page.get_by_text("forces replacement").is_visible()


def test_a_search_shows_what_has_every_word_and_counts_it(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("JOB train")
    assert page.locator("#found").inner_text() == "1 of 4"
    assert page.locator(".item:visible").count() == 1
    assert "databricks_job.train" in page.locator(".item:visible").inner_text()
    page.locator("#search").fill("")
    assert page.locator("#found").inner_text() == "4 entries"


def test_one_kind_can_be_looked_at_alone(page: Page) -> None:
    page.locator("#kind").select_option("replace")
    assert page.locator(".item:visible").count() == 1
    assert page.locator("#found").inner_text() == "1 of 4"
