"""A pull request's plan signs in as the plan's principal, everywhere, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.planning import signed_in
from brickyard_stacks.settings import Environment, load_environment

ROOT = Path(__file__).resolve().parents[3]
PLAN = {"BRICKYARD_SIGN_IN": "plan"}


def shipped(name: str, **plan: Any) -> Environment:
    environment = load_environment(ROOT / f"environments/{name}.yaml")
    principals = environment.service_principals
    changed = principals.model_copy(update={"plan": principals.plan.model_copy(update=plan)})
    return environment.model_copy(update={"service_principals": changed})


def test_both_sign_ins_become_the_plans() -> None:
    planned = signed_in(shipped("prod", application_id="plan-id"), PLAN)

    assert planned.workspace.auth.client_id == planned.platform_auth.client_id == "plan-id"  # type: ignore[union-attr]
    assert planned.deployer != "plan-id"  # what is written stays the deployers'
    assert planned.administrator == shipped("prod").administrator


def test_a_profile_has_one_beside_it_for_plans() -> None:
    assert signed_in(shipped("local"), PLAN).workspace.auth.profile == "local-plan"  # type: ignore[union-attr]


@pytest.mark.parametrize("asked", [{}, {"BRICKYARD_SIGN_IN": ""}, {"BRICKYARD_SIGN_IN": "apply"}])
def test_who_applies_signs_in_unless_something_is_asked(asked: dict[str, str]) -> None:
    environment = shipped("prod")

    assert signed_in(environment, asked) is environment


def test_a_plan_never_signs_in_as_who_applies_for_lack_of_an_id() -> None:
    with pytest.raises(CannotBuildStacks, match=r"write service_principals\.plan\.application_id"):
        signed_in(shipped("prod"), PLAN)
    with pytest.raises(CannotBuildStacks, match="it is apply"):
        signed_in(shipped("prod"), {"BRICKYARD_SIGN_IN": "Plan"})
