"""Who may do what, as the workspace itself computes it: taken before and after, the two are compared.

Unity Catalog answers with effective privileges, inherited ones included; owners and workspace bindings count as
access too, since losing one loses as much. Tables are not asked one by one: what
reaches them is inherited from their schema, and the grants on a table itself are in no stack that adopts.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import NotFound

from brickyard.adopt.inventory import Inventory, Unseen
from brickyard.errors import BrickyardError, in_one_line
from brickyard_local.account import write_private

# Kind of the inventory -> what the grants API calls it.
_SECURABLES = {"catalog": "catalog", "schema": "schema", "volume": "volume", "registered model": "function"}
# Kind of the inventory -> what the permissions API calls it.
_OBJECTS = {"job": "jobs", "experiment": "experiments", "endpoint": "serving-endpoints"}
_PAGE = 1000


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Right:
    """One principal's right on one object; `OWNER` and a binding are rights like the others."""

    kind: str
    name: str
    principal: str
    privilege: str

    def __str__(self) -> str:
        return f"{self.principal}: {self.privilege} on {self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Every right that was seen, and the objects whose rights were not."""

    rights: frozenset[Right]
    unseen: tuple[Unseen, ...] = ()

    def lost(self, after: "Access") -> list[Right]:
        """What somebody may do in `self` and no longer in `after`."""
        return sorted(self.rights - after.rights)

    def gained(self, after: "Access") -> list[Right]:
        """What somebody may do in `after` and not yet in `self`."""
        return sorted(after.rights - self.rights)


def read_access(client: WorkspaceClient, inventory: Inventory) -> Access:
    """Ask the workspace for the rights on everything in the inventory."""
    rights: set[Right] = set()
    unseen: list[Unseen] = [u for u in inventory.unseen if u.kind in {*_SECURABLES, *_OBJECTS, "workspace binding"}]
    for kind, name, ask in _questions(client, inventory):
        try:
            rights.update(Right(kind=kind, name=name, principal=p, privilege=r) for p, r in ask())
        except NotFound:
            continue  # deleted between the two readings: the comparison shows what was lost with it
        except (DatabricksError, TimeoutError) as error:
            unseen.append(Unseen(kind=f"rights on {kind} {name}", why=in_one_line(error)))
    rights.update(_owners(inventory))
    rights.update(_bindings(inventory))
    return Access(rights=frozenset(rights), unseen=tuple(unseen))


def _questions(client: WorkspaceClient, inventory: Inventory) -> Iterator[tuple[str, str, Any]]:
    for kind, securable in _SECURABLES.items():
        for found in inventory.of(kind):
            yield kind, found.name, lambda s=securable, n=found.name: _effective(client, s, n)
    for kind, collection in _OBJECTS.items():
        for found in inventory.of(kind):
            object_id = found.facts.get("id", found.id) if kind == "endpoint" else found.id
            yield kind, found.name, lambda c=collection, i=object_id: _permissions(client, c, i)


def _effective(client: WorkspaceClient, securable: str, name: str) -> Iterator[tuple[str, str]]:
    path = f"/api/2.1/unity-catalog/effective-permissions/{securable}/{name}"
    query: dict[str, Any] = {"max_results": _PAGE}
    while True:
        answer: Any = client.api_client.do("GET", path, query=query)
        for assignment in answer.get("privilege_assignments", ()):
            for privilege in assignment.get("privileges", ()):
                yield str(assignment["principal"]), str(privilege["privilege"])
        if not answer.get("next_page_token"):
            return
        query["page_token"] = answer["next_page_token"]


def _permissions(client: WorkspaceClient, collection: str, object_id: str) -> Iterator[tuple[str, str]]:
    answer: Any = client.api_client.do("GET", f"/api/2.0/permissions/{collection}/{object_id}")
    for entry in answer.get("access_control_list", ()):
        named = (entry.get(key) for key in ("user_name", "group_name", "service_principal_name"))
        principal = next((str(name) for name in named if name), "?")
        for permission in entry.get("all_permissions", ()):
            yield principal, str(permission["permission_level"])


def _owners(inventory: Inventory) -> Iterator[Right]:
    for kind in _SECURABLES:
        for found in inventory.of(kind):
            if found.facts.get("owner"):
                yield Right(kind=kind, name=found.name, principal=str(found.facts["owner"]), privilege="OWNER")


def _bindings(inventory: Inventory) -> Iterator[Right]:
    """An OPEN catalog is every workspace's; closing it is a loss that no binding shows."""
    for catalog in inventory.of("catalog"):
        if catalog.facts.get("isolation_mode") == "OPEN":
            yield Right(kind="catalog", name=catalog.name, principal="every workspace", privilege="OPEN")
    for binding in inventory.of("workspace binding"):
        workspace = f"workspace {binding.facts.get('workspace_id')}"
        level = str(binding.facts.get("binding_type"))
        yield Right(kind="catalog", name=inventory.catalog, principal=workspace, privilege=level)


def save_access(access: Access, file: Path) -> None:
    """Note who may do what, for a later comparison; names and privileges, never a secret."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unseen: Iterable[dict[str, Any]] = [asdict(u) for u in access.unseen]
    document = {"rights": [asdict(right) for right in sorted(access.rights)], "unseen": list(unseen)}
    write_private(file, json.dumps(document, indent=1) + "\n")


def load_access(file: Path, environment: str) -> Access:
    """What `save_access` noted. Errors: BrickyardError, when there is nothing to compare with."""
    try:
        document = json.loads(file.read_text())
        rights = frozenset(Right(**right) for right in document["rights"])
        return Access(rights=rights, unseen=tuple(Unseen(**unseen) for unseen in document["unseen"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrickyardError(
            f"{file} does not say who had access before ({error}): `brickyard adopt {environment}` writes it, "
            "before anything is applied."
        ) from error
