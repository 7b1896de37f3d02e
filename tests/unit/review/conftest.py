"""Plans of two kinds: those made by real Terraform (in `plans/`), and small ones written in a test."""

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brickyard_review import PlanFile, Review, Settings, review_plans
from brickyard_review.rule_examples import plan_of
from brickyard_review.rules.loading import load_rules

TODAY = dt.date(2026, 11, 23)
Reviewer = Callable[..., Review]


def plan_file(content: bytes, stack: str = "example") -> PlanFile:
    return PlanFile(stack=stack, name=f"{stack}.json", open=lambda: io.BytesIO(content))


@pytest.fixture(scope="session")
def real_plans() -> dict[str, bytes]:
    """Made by Terraform 1.11 with the offline provider and the built-in one; planted secrets begin with `planted`."""
    folder = Path(__file__).parent / "plans"
    return {path.stem: path.read_bytes() for path in folder.glob("*.json")}


@pytest.fixture(scope="session")
def review_bytes() -> Reviewer:
    """Reviews files by their content."""

    def review(*contents: bytes, **settings: Any) -> Review:
        files = [plan_file(content, f"stack{number}") for number, content in enumerate(contents)]
        return review_plans(files, Settings(**{"rules": load_rules(), "today": TODAY, **settings}))

    return review


@pytest.fixture(scope="session")
def review(review_bytes: Reviewer) -> Reviewer:
    """Reviews one plan given as resource changes: an address, actions, before, after, as in the examples of rules."""

    def run(*changes: dict[str, Any], sections: dict[str, Any] | None = None, **settings: Any) -> Review:
        plan = plan_of({"resource_changes": list(changes), **(sections or {})})
        return review_bytes(json.dumps(plan).encode(), **settings)

    return run
