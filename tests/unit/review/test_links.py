"""A line of code leads to the page that shows it, at the commit that was planned."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest

from brickyard_review import PlanFile, Settings, review_plans
from brickyard_review.links import Repository, page_of
from brickyard_review.render.html.page import to_html
from brickyard_review.render.markdown.document import to_markdown
from brickyard_review.rule_examples import plan_of
from brickyard_review.rules.loading import load_rules
from brickyard_review.sources import read_sources

SHA = "a1" * 20
GITHUB = f"https://github.com/acme/ml/blob/{SHA}/infra/main.tf#L2"
AZURE = (
    f"https://dev.azure.com/acme/ml%20kit/_git/infra?path=/infra/main.tf&version=GC{SHA}&line=2&lineEnd=2"
    "&lineStartColumn=1&lineEndColumn=200&_a=contents"
)


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/acme/ml", GITHUB),
        ("https://github.com/acme/ml.git", GITHUB),
        ("git@github.com:acme/ml.git", GITHUB),
        ("ssh://git@github.com/acme/ml.git", GITHUB),
        ("https://x-token:secret@github.com/acme/ml", GITHUB),
        ("https://acme@dev.azure.com/acme/ml%20kit/_git/infra", AZURE),
        ("https://dev.azure.com/acme/ml%20kit/_git/infra", AZURE),
        ("git@ssh.dev.azure.com:v3/acme/ml%20kit/infra", AZURE),
        ("https://git.example.com/acme/ml", None),
        (
            "https://github.com/acme/ml)[x](//evil",
            f"https://github.com/acme/ml%29%5Bx%5D%28//evil/blob/{SHA}/infra/main.tf#L2",
        ),
        ("/srv/git/ml", None),
        ("", None),
    ],
)
def test_a_line_has_a_page_where_the_host_is_known(tmp_path: Path, remote: str, url: str | None) -> None:
    page = page_of(remote, SHA)
    found = Repository(page=page, root=tmp_path, files={"infra/main.tf"}) if page else None

    assert (found.line(tmp_path / "infra/main.tf", 2) if found else None) == url


def test_a_file_that_the_commit_does_not_hold_like_this_has_no_page(tmp_path: Path) -> None:
    page = page_of("https://github.com/acme/ml", SHA) or ""
    repository = Repository(page=page, root=tmp_path / "here", files={"main.tf"})

    assert repository.line(tmp_path / "here/other.tf", 1) is None
    assert repository.line(tmp_path / "main.tf", 1) is None


@pytest.mark.parametrize("remote", ["https://github.com/acme/ml", "https://dev.azure.com/acme/ml%20kit/_git/infra"])
def test_the_comment_and_the_page_lead_there(tmp_path: Path, remote: str) -> None:
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text('# one\nresource "databricks_schema" "gold" {\n}\n')
    repository = Repository(page=page_of(remote, SHA) or "", root=tmp_path, files={"infra/main.tf"})
    gone = {"address": "databricks_schema.gold", "actions": ["delete"], "before": {"name": "gold"}}
    content = json.dumps(plan_of({"resource_changes": [gone]})).encode()
    sources = read_sources(folder, repository.line)
    file = PlanFile(stack="a", name="a.json", open=lambda: io.BytesIO(content), sources=sources)
    review = review_plans([file], Settings(rules=load_rules(), today=dt.date(2026, 11, 23)))
    url = repository.line(folder / "main.tf", 2) or "none"

    assert review.stacks[0].changes[0].source_url == review.stacks[0].findings[0].source_url == url
    assert to_markdown(review).count(f"[main.tf:2](<{url}>)") == 2
    assert f'href="{url.replace("&", "&amp;")}"' in to_html(review)
