"""SCIM PATCH in the forms that Terraform and the SDK send."""

from typing import Any

import pytest

from brickyard_local.identity.errors import ScimError
from brickyard_local.identity.patches import apply_patch
from brickyard_local.identity.payloads import PatchOperation

GROUP = {"id": "1", "displayName": "g", "members": [{"value": "7"}, {"value": "8"}], "entitlements": []}


def patched(op: str, path: str | None, value: Any = None) -> dict[str, Any]:
    return apply_patch(GROUP, [PatchOperation(op=op, path=path, value=value)])


@pytest.mark.parametrize(
    ("op", "path", "value", "members"),
    [
        ("add", "members", [{"value": "9"}], ["7", "8", "9"]),
        ("Add", "members", {"value": "7"}, ["7", "8"]),
        ("add", None, {"members": [{"value": "9"}]}, ["7", "8", "9"]),
        ("remove", 'members[value eq "7"]', None, ["8"]),
        ("remove", "members", [{"value": "8"}], ["7"]),
        ("remove", "members", None, []),
        ("replace", "members", [{"value": "5"}, {"value": "5"}], ["5"]),
    ],
)
def test_members_change_as_asked(op: str, path: str | None, value: Any, members: list[str]) -> None:
    assert [member["value"] for member in patched(op, path, value)["members"]] == members


def test_the_document_that_was_patched_stays_as_it_was() -> None:
    patched("remove", "members")
    assert len(GROUP["members"]) == 2


@pytest.mark.parametrize("value", [False, "false", "False", [{"value": "false"}], {"value": False}])
def test_active_is_understood_in_every_form_that_clients_send(value: Any) -> None:
    assert patched("replace", "active", value)["active"] is False


def test_empty_entitlements_are_not_kept() -> None:
    assert patched("add", "entitlements", [{}])["entitlements"] == []
    assert patched("add", "entitlements", [{"value": ""}])["entitlements"] == []


@pytest.mark.parametrize(
    ("op", "path", "value"),
    [("move", "members", None), ("add", "shoes", "1"), ("add", None, "x"), ("replace", "active", "perhaps")],
)
def test_what_scim_does_not_know_is_refused(op: str, path: str | None, value: Any) -> None:
    with pytest.raises(ScimError):
        patched(op, path, value)
