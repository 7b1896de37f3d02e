"""Grants on securables, direct and effective. Source: docs.databricks.com/api/workspace/grants."""

from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import Chain, allowed
from brickyard_local.catalog.payloads import PermissionsChange
from brickyard_local.catalog.privileges import MANAGE, READ, checked_privilege
from brickyard_local.catalog.refusals import unknown_principal
from brickyard_local.catalog.securables import SecurableType
from brickyard_local.catalog.service import CatalogService
from brickyard_local.store import Document


class GrantsService:
    """Reads and changes what is granted."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def grants(self, caller: Caller, kind: SecurableType, full_name: str, principal: str | None) -> list[Document]:
        """Grants on the securable itself: all for who may manage it, one's own for who may see it."""
        chain = self._catalog.reach(caller, kind, full_name, READ)
        return [
            {"principal": each, "privileges": sorted(held)}
            for each, held in sorted(chain[-1].document["grants"].items())
            if self._shown(caller, chain, each, principal)
        ]

    def effective(self, caller: Caller, kind: SecurableType, full_name: str, principal: str | None) -> list[Document]:
        """Grants on the securable and on all that contains it, each with where it comes from."""
        chain = self._catalog.reach(caller, kind, full_name, READ)
        found: dict[str, list[Document]] = {}
        for level in chain:
            origin = {
                "inherited_from_type": level.kind.name,
                "inherited_from_name": level.document["full_name"],
            }
            for each, held in sorted(level.document["grants"].items()):
                if self._shown(caller, chain, each, principal):
                    source = {} if level is chain[-1] else origin
                    found.setdefault(each, []).extend({"privilege": name, **source} for name in sorted(held))
        return [{"principal": each, "privileges": privileges} for each, privileges in found.items()]

    def change(
        self, caller: Caller, kind: SecurableType, full_name: str, changes: list[PermissionsChange]
    ) -> list[Document]:
        """Grant and revoke. Errors: PRINCIPAL_DOES_NOT_EXIST, InvalidParameter, PermissionDenied."""
        with self._catalog.storage.change():
            chain = self._catalog.reach(caller, kind, full_name, MANAGE)
            document = chain[-1].document
            grants = {principal: set(held) for principal, held in document["grants"].items()}
            for change in changes:
                self._apply(kind, grants, change)
            kept = {principal: sorted(held) for principal, held in grants.items() if held}
            self._catalog.documents.put(kind, {**document, "grants": kept})
        return [{"principal": principal, "privileges": held} for principal, held in sorted(kept.items())]

    def _apply(self, kind: SecurableType, grants: dict[str, set[str]], change: PermissionsChange) -> None:
        added = {checked_privilege(kind, privilege) for privilege in change.add}
        removed = {checked_privilege(kind, privilege) for privilege in change.remove}
        if added and not self._catalog.known_principal(change.principal):
            raise unknown_principal(change.principal)
        held = grants.setdefault(change.principal, set())
        held -= removed
        held |= added

    def _shown(self, caller: Caller, chain: Chain, principal: str, wanted: str | None) -> bool:
        if wanted is not None and principal != wanted:
            return False
        return principal in caller.principals or allowed(caller, chain, MANAGE)
