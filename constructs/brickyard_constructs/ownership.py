"""Who owns an object, and who owns the whole access of it, over all stacks of an app.

`databricks_grants` and `databricks_permissions` are authoritative: they remove what they do not list. A second
one for the same object would silently undo the first on every apply, and so would a `databricks_grant` beside it,
so both are refused while the app is built.
"""

from typing import Literal, TypeAlias, cast, get_args

from cdktf import TerraformResource, TerraformResourceLifecycle
from constructs import Construct

from brickyard_constructs.checks import known
from brickyard_constructs.errors import InvalidProps, OwnedAndShared, TwoOwners

Ownership: TypeAlias = Literal["create", "adopt", "reference"]
"""`create`: made and owned. `adopt`: imported, then owned. `reference`: used by its name, and never changed."""

_REGISTER = "access-owners"
_WHOLE = "owner"
_ONE = "grant to "


def check_ownership(value: Ownership) -> None:
    """One of the three."""
    if value not in get_args(Ownership):
        raise InvalidProps("ownership", value, rule=f"one of {', '.join(get_args(Ownership))}")


def protection(protected: bool) -> TerraformResourceLifecycle | None:
    """With `protected`, Terraform refuses every plan that would delete the resource."""
    return TerraformResourceLifecycle(prevent_destroy=True) if protected else None


def take_over(resource: TerraformResource, ownership: Ownership, import_id: str) -> None:
    """Where it is adopted, the next plan imports what exists as `import_id`; once in the state, it is a no-op."""
    if ownership == "adopt":
        resource.import_from(import_id)


def claim(owner: Construct, what: str) -> None:
    """Record that `owner` holds the whole access of `what`, such as `catalog dev`.

    The record is part of the construct tree itself, so that it lives exactly as long as the app and also
    catches a construct that someone else wrote with ours. A name that only Terraform knows cannot be compared.

    Errors: TwoOwners and OwnedAndShared, naming both construct paths.
    """
    if not known(what):
        return
    record = _record(owner, what)
    for kind, path in _entries(record):
        if kind == _WHOLE:
            raise TwoOwners(what, path, owner.node.path)
        raise OwnedAndShared(what, owner=owner.node.path, sharer=path)
    record.node.add_metadata(_WHOLE, owner.node.path)


def share(sharer: Construct, what: str, principal: str) -> None:
    """Record that `sharer` holds what one principal may do with `what`; another one may hold another principal's.

    Errors: TwoOwners and OwnedAndShared, naming both construct paths.
    """
    if not known(what):
        return
    record = _record(sharer, what)
    for kind, path in _entries(record):
        if kind == _WHOLE:
            raise OwnedAndShared(what, owner=path, sharer=sharer.node.path)
        if kind == f"{_ONE}{principal}":
            raise TwoOwners(f"{what} for {principal}", path, sharer.node.path)
    record.node.add_metadata(f"{_ONE}{principal}", sharer.node.path)


def _record(anyone: Construct, what: str) -> Construct:
    root = cast("Construct", anyone.node.root)
    register = cast("Construct", root.node.try_find_child(_REGISTER) or Construct(root, _REGISTER))
    return cast("Construct", register.node.try_find_child(what) or Construct(register, what))


def _entries(record: Construct) -> list[tuple[str, str]]:
    return [(entry.type, str(entry.data)) for entry in record.node.metadata]
