"""Who owns an object, and who owns the whole access of it, over all stacks of an app.

`databricks_grants` and `databricks_permissions` are authoritative: they remove what they do not list. A second
one for the same object would silently undo the first on every apply, and so would a `databricks_grant` beside it,
so both are refused while the app is built.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from cdktf import App, TerraformResource, TerraformResourceLifecycle
from constructs import Construct

from brickyard_constructs.checks import known
from brickyard_constructs.errors import InvalidProps, OwnedAndShared, TwoOwners

Ownership: TypeAlias = Literal["create", "adopt", "reference"]
"""`create`: made and owned. `adopt`: imported, then owned. `reference`: used by its name, and never changed."""


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


@dataclass(slots=True)
class _Holders:
    """Who holds the access of one object: one construct all of it, or several one principal's each.

    `first` is whoever asked first: a construct of the app that this is the record of.
    """

    first: Construct
    owner: Construct | None = None
    sharers: dict[str, Construct] = field(default_factory=dict)

    @property
    def app(self) -> str:
        """Which app it is. Python may see one app as several objects; what they refer to in Node is one."""
        return _app(self.first)


def claim(owner: Construct, what: str) -> None:
    """Record that `owner` holds the whole access of `what`, such as `catalog dev`.

    A name that only Terraform knows cannot be compared.
    Errors: TwoOwners and OwnedAndShared, naming both construct paths.
    """
    if not known(what):
        return
    holders = _holders(owner, what)
    if holders.owner is not None:
        raise TwoOwners(what, holders.owner.node.path, owner.node.path)
    for sharer in holders.sharers.values():
        raise OwnedAndShared(what, owner=owner.node.path, sharer=sharer.node.path)
    holders.owner = owner


def share(sharer: Construct, what: str, principal: str) -> None:
    """Record that `sharer` holds what one principal may do with `what`; another one may hold another principal's.

    Errors: TwoOwners and OwnedAndShared, naming both construct paths.
    """
    if not known(what):
        return
    holders = _holders(sharer, what)
    if holders.owner is not None:
        raise OwnedAndShared(what, owner=holders.owner.node.path, sharer=sharer.node.path)
    if principal in holders.sharers:
        raise TwoOwners(f"{what} for {principal}", holders.sharers[principal].node.path, sharer.node.path)
    holders.sharers[principal] = sharer


def _holders(anyone: Construct, what: str) -> _Holders:
    """The record of the app that `anyone` stands in. Which app it is, Node is asked for a second holder only."""
    records = _REGISTER.setdefault(what, [])
    if records:
        app = _app(anyone)
        for record in records:
            if record.app == app:
                return record
    records.append(_Holders(first=anyone))
    return records[-1]


def _app(anyone: Construct) -> str:
    app: Any = App.of(anyone)
    return str(app.__jsii_ref__.ref)


# By what is held. In the tree itself, each record would cost ten calls to Node.
_REGISTER: dict[str, list[_Holders]] = {}
