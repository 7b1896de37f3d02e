"""Which workspaces may use an ISOLATED catalog, storage credential or external location.

Source: docs.databricks.com/api/workspace/workspacebindings.

Owners and metastore admins manage bindings from any workspace, bound or not.
"""

from brickyard_local.account import Account
from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import owns_any
from brickyard_local.catalog.payloads import WorkspaceBinding
from brickyard_local.catalog.securables import BESIDE, CATALOG, SecurableType
from brickyard_local.catalog.service import CatalogService
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, NotEmulated, PermissionDenied
from brickyard_local.store import Document


class BindingsService:
    """Reads and changes workspace bindings."""

    def __init__(self, catalog: CatalogService, account: Account) -> None:
        self._catalog = catalog
        self._account = account

    def bindings(self, caller: Caller, securable_type: str, name: str) -> list[Document]:
        """Errors: NotEmulated for securables that are bound nowhere."""
        return _listed(self._owned(caller, _kind(securable_type), name)["bindings"])

    def change(
        self,
        caller: Caller,
        securable_type: str,
        name: str,
        add: list[WorkspaceBinding],
        remove: list[WorkspaceBinding],
    ) -> list[Document]:
        """Bind and unbind. Errors: InvalidParameter for a workspace that is not the account's."""
        for binding in add:
            self._refuse_foreign(binding.workspace_id)
        with self._catalog.storage.change():
            kind = _kind(securable_type)
            document = self._owned(caller, kind, name)
            gone = {str(binding.workspace_id) for binding in remove}
            kept = {number: how for number, how in document["bindings"].items() if number not in gone}
            kept |= {str(binding.workspace_id): binding.binding_type for binding in add}
            stamp = {"updated_at": now_ms(), "updated_by": caller.principal}
            self._catalog.documents.put(kind, {**document, **stamp, "bindings": kept})
        return _listed(kept)

    def _owned(self, caller: Caller, kind: SecurableType, name: str) -> Document:
        chain = self._catalog.chain(kind, name)
        if not (caller.is_admin or owns_any(caller, chain)):
            raise PermissionDenied(f"User is not an owner of {kind.noun} '{name}'. Fix: its owner can transfer it.")
        return chain[-1].document

    def _refuse_foreign(self, workspace_id: int) -> None:
        known = {workspace.workspace_id: workspace.name for workspace in self._account.workspaces()}
        if workspace_id not in known:
            listed = ", ".join(f"{number} ({name})" for number, name in known.items())
            raise InvalidParameter(
                f"Workspace {workspace_id} is not a workspace of this account. Its workspaces: {listed}."
            )


def _listed(bindings: dict[str, str]) -> list[Document]:
    return [{"workspace_id": int(number), "binding_type": how} for number, how in sorted(bindings.items())]


def _kind(securable_type: str) -> SecurableType:
    """Errors: NotEmulated."""
    wanted = securable_type.upper().removesuffix("S")
    for kind in (CATALOG, *BESIDE):
        if kind.name == wanted:
            return kind
    raise NotEmulated(f"workspace bindings of securables of type '{securable_type}'")
