"""No plan JSON makes the review crash, show a planted secret, or pass what it cannot decide.

`BRICKYARD_EXAMPLES=5000 pipenv run pytest tests/unit/review/test_any_plan.py` tries as many of each kind.
"""

import copy
import datetime as dt
import io
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from brickyard_review import PlanFile, Review, Settings, review_plans
from brickyard_review.render.as_json import from_json, to_json
from brickyard_review.render.markdown.document import to_markdown
from brickyard_review.render.picture import mermaid, svg
from brickyard_review.render.terminal import print_review
from brickyard_review.rules.loading import load_rules

SCALARS = st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SETTINGS = Settings(rules=load_rules(), today=dt.date(2026, 11, 23))
PLANTED = "planted-"
EXAMPLES = int(os.environ.get("BRICKYARD_EXAMPLES", "0"))

lasting = pytest.mark.timeout(600 + EXAMPLES)


def run(document: Any) -> tuple[Review, str]:
    content = json.dumps(document).encode()
    review = review_plans([PlanFile(stack="s", name="s", open=lambda: io.BytesIO(content))], SETTINGS)
    console = Console(file=io.StringIO(), width=200)
    print_review(review, console, details=True)
    stack = review.stacks[0]
    as_json = to_json(review)
    assert from_json(as_json) == review
    written = [as_json, to_markdown(review), console.file.getvalue(), mermaid(stack.blast), svg(stack.blast)]  # type: ignore[attr-defined]
    "".join(written).encode("utf-8")
    return review, "".join(written)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, element in inner for place in places(element, (*path, key)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any, *, remove: bool) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    parent = changed
    for step in path[:-1]:
        parent = parent[step]
    if remove:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return changed


def covers_marks(path: tuple[Any, ...]) -> bool:
    """Where the marks stand: without them, a text without form or name is no secret to anybody."""
    return any(str(step).endswith(("sensitive", "sensitive_values")) for step in path) or path[0] == "configuration"


SECTIONS = (
    "format_version",
    "resource_changes",
    "resource_drift",
    "deferred_changes",
    "planned_values",
    "output_changes",
    "checks",
    "configuration",
    "prior_state",
    "variables",
    "complete",
    "errored",
    "another",
)
ANY = st.dictionaries(st.sampled_from(SECTIONS), VALUES | st.just("1.2"))


@lasting
@settings(max_examples=EXAMPLES or 300, deadline=None)
@given(document=VALUES | ANY)
def test_any_json_is_judged_or_refused(document: Any) -> None:
    review, _ = run(document)
    if review.exit_code == 0:
        assert isinstance(document, dict)
        assert str(document["format_version"]).startswith("1.")


@lasting
@settings(max_examples=EXAMPLES or 150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["builtin", "builtin", "dangerous"]))
def test_a_real_plan_with_one_place_changed_leaks_nothing(
    real_plans: dict[str, bytes], data: st.DataObject, name: str
) -> None:
    """One place of a real plan is removed or holds something else; secrets stay in places that marks still cover."""
    document = json.loads(real_plans[name])
    listed = [path for path in places(document) if path and not covers_marks(path)]
    path = data.draw(st.sampled_from(listed))
    changed = replaced(document, path, data.draw(VALUES), remove=data.draw(st.booleans()))

    review, written = run(changed)

    assert PLANTED not in written
    if changed.get("errored") is True or changed.get("complete") is False or "format_version" not in changed:
        assert review.exit_code == 3


def test_the_plans_hold_the_secrets_that_must_not_show(real_plans: dict[str, bytes]) -> None:
    for plan in real_plans.values():
        assert PLANTED.encode() in plan
        assert PLANTED not in run(json.loads(plan))[1]
