"""Who may do what in Unity Catalog: one decision, made anew for every call.

A chain is the way down to a securable: catalog, schema, object (or the metastore alone).
Source: docs.databricks.com/data-governance/unity-catalog/access-control/permissions-concepts; the conditions that
databricks-sdk's `service/catalog.py` states for each method; messages as quoted in terraform-provider-databricks
issues ("User does not have USE CATALOG on Catalog 'x'.").
"""

from collections.abc import Sequence
from dataclasses import dataclass

from brickyard_local.callers import Caller
from brickyard_local.catalog.privileges import (
    ALL,
    BROWSE,
    DATA,
    MANAGE,
    NOT_BY_OWNERSHIP,
    NOT_IN_ALL,
    OWN,
    READ,
    READ_ONLY,
    SUFFICES,
)
from brickyard_local.catalog.securables import METASTORE, PARENTS, SecurableType
from brickyard_local.errors import PermissionDenied
from brickyard_local.store import Document

# Catalogs say it in the first way, credentials and locations in the second.
ISOLATED = frozenset({"ISOLATED", "ISOLATION_MODE_ISOLATED"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """One securable of a chain."""

    kind: SecurableType
    document: Document


Chain = tuple[Level, ...]


def authorize(caller: Caller, chain: Chain, need: str, *, browse: bool = False) -> None:
    """Let the call pass, or say what is missing. Errors: PermissionDenied."""
    missing = _lacking(caller, chain, need, browse=browse)
    if missing is not None:
        raise PermissionDenied(missing)


def allowed(caller: Caller, chain: Chain, need: str, *, browse: bool = False) -> bool:
    """Whether the call would pass."""
    return _lacking(caller, chain, need, browse=browse) is None


def enter(caller: Caller, chain: Chain, *, browse: bool = False) -> None:
    """Whether the caller may go on below the last level of the chain: binding, USE_CATALOG, USE_SCHEMA."""
    missing = _unbound(caller, chain, READ) or _closed(caller, chain, browse=browse)
    if missing is not None:
        raise PermissionDenied(missing)


def bound(caller: Caller, securable: Document) -> str | None:
    """How the caller's workspace may use a catalog, credential or location: a binding type, or None."""
    if securable["isolation_mode"] not in ISOLATED:
        return "BINDING_TYPE_READ_WRITE"
    bindings: dict[str, str] = securable["bindings"]
    return bindings.get(str(caller.workspace.workspace_id))


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What a caller sees of a type below one container, with all that the container decides asked once.

    For every document below: `sees` is `allowed(caller, (*above, document), READ, browse=browse)`, and `browses` is
    `only_browses`.
    """

    caller: Caller
    kind: SecurableType
    browse: bool
    opened: bool
    browsed: bool
    read_above: bool
    browse_above: bool

    @classmethod
    def below(cls, caller: Caller, above: Chain, kind: SecurableType, *, browse: bool) -> "Sight":
        """`above` leads to the container and is not empty."""
        bound_here = _unbound(caller, above, READ) is None
        steps = [above[:depth] for depth in range(1, len(above) + 1)]
        return cls(
            caller=caller,
            kind=kind,
            browse=browse,
            opened=bound_here and all(_closed(caller, step, browse=False) is None for step in steps),
            browsed=bound_here and all(_closed(caller, step, browse=browse) is None for step in steps),
            read_above=caller.is_admin or owns_any(caller, above) or _reads(caller, above, kind),
            browse_above=holds(caller, above, BROWSE),
        )

    def sees(self, document: Document) -> bool:
        """Whether the document may be shown, if only by BROWSE."""
        return self.browsed and (self._reads(document) or (self.browse and self._browses(document)))

    def browses(self, document: Document) -> bool:
        """Whether nothing but BROWSE shows it."""
        return not (self.opened and self._reads(document))

    def _reads(self, document: Document) -> bool:
        if self.read_above:
            return True
        level = Level(kind=self.kind, document=document)
        return _owns(self.caller, level) or _reads(self.caller, (level,), self.kind)

    def _browses(self, document: Document) -> bool:
        return self.browse_above or holds(self.caller, (Level(kind=self.kind, document=document),), BROWSE)


def _reads(caller: Caller, chain: Chain, kind: SecurableType) -> bool:
    return any(holds(caller, chain, privilege) for privilege in (*kind.read, MANAGE))


def owns_any(caller: Caller, chain: Chain) -> bool:
    """Whether the caller owns the securable or one that contains it."""
    return any(_owns(caller, level) for level in chain)


def holds(caller: Caller, chain: Chain, privilege: str) -> bool:
    """Whether the privilege was granted to the caller on the last level or on one above it."""
    enough = (privilege, *SUFFICES.get(privilege, ()))
    return any(_granted(caller, level, each) for level in chain for each in enough)


def only_browses(caller: Caller, chain: Chain) -> bool:
    """Whether nothing but BROWSE lets the caller see the securable."""
    return not allowed(caller, chain, READ)


def _lacking(caller: Caller, chain: Chain, need: str, *, browse: bool) -> str | None:
    unbound = _unbound(caller, chain, need)
    if unbound is not None:
        return unbound
    for depth in range(1, len(chain)):
        closed = _closed(caller, chain[:depth], browse=browse)
        if closed is not None:
            return closed
    return None if _has(caller, chain, need, browse=browse) else _refusal(chain, need)


def _unbound(caller: Caller, chain: Chain, need: str) -> str | None:
    top = chain[0]
    if top.kind is METASTORE:
        return None
    binding, name = bound(caller, top.document), top.document["full_name"]
    if binding is None:
        return f"{top.kind.noun} '{name}' is not accessible in current workspace"
    if binding == "BINDING_TYPE_READ_ONLY" and need not in READ_ONLY:
        return (
            f"{top.kind.noun} '{name}' is bound read-only to workspace '{caller.workspace.name}': "
            f"{_words(need)} is refused here. Use a workspace that is bound BINDING_TYPE_READ_WRITE."
        )
    return None


def _closed(caller: Caller, chain: Chain, *, browse: bool) -> str | None:
    """Why the caller may not go below the chain's last level."""
    level = chain[-1]
    use = level.kind.read[0]
    if caller.is_admin or owns_any(caller, chain) or holds(caller, chain, use):
        return None
    if browse and holds(caller, chain, BROWSE):
        return None
    return _refusal(chain, use)


def _has(caller: Caller, chain: Chain, need: str, *, browse: bool) -> bool:
    level = chain[-1]
    if need == OWN:
        return caller.is_admin or _owns(caller, level)
    if need == MANAGE:
        return caller.is_admin or owns_any(caller, chain) or _manages(caller, chain)
    if need == READ:
        return (
            caller.is_admin
            or owns_any(caller, chain)
            or _reads(caller, chain, level.kind)
            or (browse and holds(caller, chain, BROWSE))
        )
    if _owns(caller, level):
        return need not in NOT_BY_OWNERSHIP
    return holds(caller, chain, need) or (caller.is_admin and need not in DATA)


def _manages(caller: Caller, chain: Chain) -> bool:
    """MANAGE counts only with the USE privilege of the container itself."""
    level = chain[-1]
    used = level.kind not in PARENTS or holds(caller, chain, level.kind.read[0])
    return used and holds(caller, chain, MANAGE)


def _owns(caller: Caller, level: Level) -> bool:
    return level.document["owner"] in caller.principals


def _granted(caller: Caller, level: Level, privilege: str) -> bool:
    grants: dict[str, list[str]] = level.document["grants"]
    return any(
        privilege in held or (ALL in held and privilege not in NOT_IN_ALL)
        for principal, held in grants.items()
        if principal in caller.principals
    )


def _refusal(chain: Sequence[Level], need: str) -> str:
    level = chain[-1]
    wanted = _words(need)
    if need == MANAGE and level.kind in PARENTS:
        wanted = f"{wanted} and {_words(level.kind.read[0])}"
    elif need == READ:
        wanted = " or ".join(_words(privilege) for privilege in level.kind.read) or wanted
    name = level.document.get("name") if level.kind is METASTORE else level.document["full_name"]
    parent = " or on what contains it" if len(chain) > 1 and need != OWN else ""
    how = "its owner can transfer it" if need == OWN else f"an owner can grant it on this {level.kind.noun}{parent}"
    return f"User does not have {wanted} on {level.kind.noun} '{name}'. Fix: {how}."


def _words(need: str) -> str:
    return need.replace("_", " ")
