"""What people read: whole within any size, never formatting or commands from a plan, the same on every run."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brickyard_review import Review
from brickyard_review.render.as_json import from_json, schema, schema_text, to_json
from brickyard_review.render.markdown.document import GITHUB_LIMIT, to_markdown
from brickyard_review.render.picture import mermaid, svg, tree

Reviewer = Callable[..., Review]
GOLDEN = Path(__file__).with_name("dangerous.md")


@pytest.fixture(scope="module")
def dangerous(review_bytes: Reviewer, real_plans: dict[str, bytes]) -> Review:
    return review_bytes(real_plans["dangerous"], real_plans["builtin"])


def test_the_comment_on_a_dangerous_plan_reads_as_it_was_approved(dangerous: Review) -> None:
    """Changed on purpose? Read it, then write it: `to_markdown` into dangerous.md."""
    assert to_markdown(dangerous) == GOLDEN.read_text()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1_500, 30_000))
def test_a_comment_of_any_size_is_whole_and_counts_what_it_leaves_out(dangerous: Review, limit: int) -> None:
    text = to_markdown(dangerous, limit)

    assert len(text) <= limit
    assert text.startswith("## ⛔ Plan review: blocked")
    assert text.count("<details>") == text.count("</details>")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1
        assert table.splitlines()[1].startswith("| ---")
    whole = len(to_markdown(dangerous, 10**6))
    assert ("Left out for size" in text) == (whole > limit - 400 or len(text) < whole)


@pytest.mark.parametrize("limit", [4_000, 8_000])
def test_what_is_left_out_can_be_opened(dangerous: Review, limit: int) -> None:
    text = to_markdown(dangerous, limit, run_url="https://github.com/acme/ml/actions/runs/7")

    assert len(text) <= limit
    assert text.endswith("They stand in the [full review of this run](<https://github.com/acme/ml/actions/runs/7>).")


def test_dangers_stay_when_little_else_does(dangerous: Review) -> None:
    text = to_markdown(dangerous, 8_000)

    dangers = [f for stack in dangerous.stacks for f in stack.findings if f.severity.rank >= 2]
    assert len(dangers) > 10
    assert all(finding.id in text for finding in dangers)


def test_ten_thousand_dangers_are_counted_not_cut(review: Reviewer) -> None:
    many = [
        {"address": f"databricks_catalog.c{n}", "actions": ["delete"], "before": {"name": f"c{n}"}}
        for n in range(10_000)
    ]
    made = review(*many)

    text = to_markdown(made, GITHUB_LIMIT)

    shown = text.count("data-destroyed · ")
    left = int(re.findall(r"… and (\d+) more dangers", text)[0])
    assert shown + left == 10_000
    assert GITHUB_LIMIT - 5_000 < len(text) <= GITHUB_LIMIT


HOSTILE = "x | y <script>alert(1)</script> @everyone #12 https://evil.example [a](b) `c` **d**\n\n# e \x1b[31m"


def test_a_plan_cannot_format_mention_link_or_steer(review: Reviewer) -> None:
    change = {"address": "databricks_job.a", "actions": ["update"]}
    change |= {"before": {"name": HOSTILE, "schedule": [{"pause_status": "a"}]}}
    change |= {"after": {"name": HOSTILE, "schedule": [{"pause_status": HOSTILE}]}}
    text = re.sub(r"<code>[^<]*</code>", "", to_markdown(review(change)))

    assert "evil" in text
    for live in ("<script", "@everyone", "https://", "[a](b)", "`c`", "**d**", "\n# e", "#12 ", "\x1b"):
        assert live not in text, live


def test_pictures_hold_no_markup_of_a_plan(review: Reviewer) -> None:
    address = 'terraform_data.a["<script>"]'
    reference = {"expressions": {"input": {"references": ["terraform_data.a"]}}}
    configuration = {"root_module": {"resources": [{"address": "terraform_data.<b>", **reference}]}}
    made = review(
        {"address": address, "type": "terraform_data", "actions": ["delete"], "before": {}},
        sections={"configuration": configuration},
    )
    blast = made.stacks[0].blast

    assert [node.address for node in blast.nodes] == ["terraform_data.a", "terraform_data.<b>"]
    assert list(tree(blast)) == ["terraform_data.a  (delete)", "└─ terraform_data.<b>"]
    assert "<b>" not in mermaid(blast)
    assert "<b>" not in svg(blast)


def test_json_follows_its_published_schema_and_reads_back(dangerous: Review) -> None:
    text = to_json(dangerous)

    jsonschema.validate(json.loads(text), schema())
    assert from_json(text) == dangerous
    assert json.loads(text)["schema_version"] == "1.1"


def test_the_same_plan_gives_the_same_words(
    dangerous: Review, review_bytes: Reviewer, real_plans: dict[str, bytes]
) -> None:
    again = review_bytes(real_plans["builtin"], real_plans["dangerous"])

    assert {stack.headline for stack in again.stacks} == {stack.headline for stack in dangerous.stacks}


def test_the_published_schema_is_the_one_in_use() -> None:
    """Changed on purpose? `brickyard review --schema > docs/plan-review.schema.json`, and a new SCHEMA_VERSION."""
    published = Path(__file__).resolve().parents[3] / "docs" / "plan-review.schema.json"

    assert published.read_text() == schema_text()
