"""A saved plan is not bound to who planned it: sign-ins stand in ephemeral variables."""

import json
from pathlib import Path
from typing import Any

import pytest

from brickyard.bundle.sign_ins import take_out, variables_of
from brickyard.errors import CannotPlan
from brickyard.sign_in import sign_in_arguments
from brickyard_stacks.planning import signed_in
from brickyard_stacks.settings import Auth, Environment, load_environment

ROOT = Path(__file__).resolve().parents[4]


def environment(name: str) -> Environment:
    """A shipped one; prod as it is after its first apply, when the id of who plans is known."""
    found = load_environment(ROOT / f"environments/{name}.yaml")
    known = found.service_principals.plan.model_copy(update={"application_id": "plan-id"})
    principals = found.service_principals.model_copy(update={"plan": known})
    return found.model_copy(update={"service_principals": principals})


def stack_of(folder: Path, *providers: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "cdk.tf.json").write_text(json.dumps({"provider": {"databricks": list(providers)}}))
    return folder


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("local", "workspace"),
        ("dev", "workspace"),
        ("staging", "workspace"),
        ("prod", "workspace"),
        ("prod", "platform"),
        ("prod", "account"),
    ],
)
def test_no_sign_in_stays_in_what_is_planned(tmp_path: Path, name: str, owner: str) -> None:
    settings = environment(name)
    of: Any = {"workspace": settings.workspace, "platform": settings.platform, "account": settings.account}[owner]
    auth: Auth = of.auth
    arguments = sign_in_arguments(ROOT, auth)
    stack = stack_of(tmp_path / "stack", {**arguments, **({"account_id": "a"} if owner == "account" else {})})

    owners = take_out(stack, settings, ROOT)

    document = json.loads((stack / "cdk.tf.json").read_text())
    (provider,) = document["provider"]["databricks"]
    assert owners == [owner]
    assert not {str(value) for value in arguments.values()} & {str(value) for value in provider.values()}
    assert all(variable["ephemeral"] for variable in document["variable"].values())
    assert set(variables_of(settings, owners, ROOT)) == {f"TF_VAR_{name}" for name in document["variable"]}


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_who_plans_and_who_applies_differ_in_the_variables_alone(tmp_path: Path, name: str) -> None:
    settings = environment(name)
    reading = signed_in(settings, {"BRICKYARD_SIGN_IN": "plan"})

    applies, plans = (variables_of(each, ["workspace"], ROOT) for each in (settings, reading))

    assert applies.keys() == plans.keys()
    assert {key for key in applies if applies[key] != plans[key]} == {"TF_VAR_brickyard_workspace_client_id"}
    assert plans["TF_VAR_brickyard_workspace_client_id"] == "plan-id"


def test_a_sign_in_that_the_settings_do_not_say_is_refused(tmp_path: Path) -> None:
    stack = stack_of(tmp_path / "stack", {"host": "https://elsewhere.example.com", "token": "x"})

    with pytest.raises(CannotPlan, match="signs in by host, token"):
        take_out(stack, environment("dev"), ROOT)
    with pytest.raises(CannotPlan, match="signs in as 'platform'"):
        variables_of(environment("dev"), ["platform"], ROOT)
