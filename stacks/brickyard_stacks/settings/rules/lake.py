"""Where data lies: locations, credentials, and the names that are one metastore's."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from brickyard_stacks.settings.compute import INSTANCE_NAME_MAX_LENGTH, OnlineStore
from brickyard_stacks.settings.storage import Storage
from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment

# S3 can be read from Azure (docs: "Connect to an AWS S3 external location", read-only).
_READABLE_FROM = {("aws", "azure")}
# Sign-ins whose token is Databricks' own. Source: provider issue 5841 ("Missing validation token for service
# principal"); databricks-sdk-go sends one of Entra's beside it for azure-cli.
WITHOUT_ENTRA = ("oauth-m2m", "azure-devops-oidc", "github-oidc")


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """Locations lie beside each other in the environment's cloud; names are unique and say whose they are."""
    yield from _catalogs_storage(environment)
    for name, storage in environment.storage.items():
        yield from _cloud(environment.cloud, name, storage)
        yield from _own_names(environment, name, storage)
        yield from _azure_credential(environment, name, storage)
    for (first, one), (second, other) in combinations(environment.storage.items(), 2):
        yield from _apart(first, one, second, other)
    yield from _own_compute_names(environment)
    if environment.workspace.id in {binding.workspace_id for binding in environment.catalog.bindings}:
        rule = "are other workspaces: Databricks binds the catalog's own"
        yield Broken(key=("catalog", "bindings"), rule=rule)


def _catalogs_storage(environment: "Environment") -> Iterator[Broken]:
    named = environment.catalog.storage
    if named is None:
        return
    there = tuple(environment.storage)
    if named not in environment.storage:
        rule = f"must be a block of storage: {', '.join(there) or 'there is none'}"
        yield Broken(key=("catalog", "storage"), rule=rule, choices=there)
    elif environment.storage[named].read_only:
        yield Broken(key=("catalog", "storage"), rule=f"storage.{named} is read_only: managed data are written")


def _cloud(cloud: str, name: str, storage: Storage) -> Iterator[Broken]:
    if cloud in ("local", storage.kind):
        return
    if (storage.kind, cloud) not in _READABLE_FROM:
        yield Broken(key=("storage", name, "kind"), rule=f"must be the environment's cloud, {cloud}")
    elif not storage.read_only:
        yield Broken(
            key=("storage", name, "read_only"), rule=f"must be true: from {cloud}, {storage.kind} is read only"
        )


def _own_names(environment: "Environment", name: str, storage: Storage) -> Iterator[Broken]:
    if storage.ownership == "create":
        yield from _begins(environment, ("storage", name, "external_location"), storage.external_location)
    if storage.credential_ownership == "create":
        yield from _begins(environment, ("storage", name, "credential", "name"), storage.credential.name)


def _azure_credential(environment: "Environment", name: str, storage: Storage) -> Iterator[Broken]:
    """Azure asks for an Entra token of who makes a credential, and these sign-ins have none."""
    sign_in = environment.platform_auth.type
    if storage.kind == "azure" and storage.credential_ownership == "create" and sign_in in WITHOUT_ENTRA:
        where = "workspace.auth" if environment.platform is None else "platform.auth"
        rule = (
            f"reference: signed in by {sign_in} ({where}) nobody can make a storage credential on Azure (provider "
            "issue 5841). Who has CREATE STORAGE CREDENTIAL on the metastore makes it once, after `az login`, and "
            "credential.name says its name; or platform.auth is of the type azure-cli"
        )
        yield Broken(key=("storage", name, "credential", "ownership"), rule=rule)


def _own_compute_names(environment: "Environment") -> Iterator[Broken]:
    compute = environment.compute
    for name, pool in compute.pools.items():
        if pool.ownership == "create":
            yield from _begins(environment, ("compute", "pools", name, "name"), pool.name)
    for name, warehouse in compute.warehouses.items():
        if warehouse.ownership == "create":
            yield from _begins(environment, ("compute", "warehouses", name, "name"), warehouse.name)
    for name, store in compute.online_stores.items():
        if store.ownership == "create":
            yield from _begins(environment, ("compute", "online_stores", name, "name"), store.name)
            yield from _short(f"{environment.prefix}-{name}", name, store)


def _short(default: str, key: str, store: OnlineStore) -> Iterator[Broken]:
    """The prefix and the block's name may be too long together."""
    if store.name is None and len(default) > INSTANCE_NAME_MAX_LENGTH:
        rule = f"would be called {default}, and {INSTANCE_NAME_MAX_LENGTH} characters are the most: give it a name"
        yield Broken(key=("compute", "online_stores", key), rule=rule)


def _begins(environment: "Environment", key: tuple[str, ...], name: str | None) -> Iterator[Broken]:
    """Two environments of one metastore or workspace never meet in a name."""
    if name is not None and not name.startswith((f"{environment.prefix}-", f"{environment.prefix}_")):
        rule = f"what we create is called {environment.prefix}-…, so that it meets nobody else's: or leave it out"
        yield Broken(key=key, rule=rule)


def _apart(first: str, one: Storage, second: str, other: Storage) -> Iterator[Broken]:
    """Unity Catalog refuses a location within another; a credential is made once."""
    here, there = one.url.rstrip("/") + "/", other.url.rstrip("/") + "/"
    if here.startswith(there) or there.startswith(here):
        rule = f"overlaps storage.{first}: no location lies within another"
        yield Broken(key=("storage", second, "url"), rule=rule)
    if one.external_location is not None and one.external_location == other.external_location:
        yield Broken(key=("storage", second, "external_location"), rule=f"is storage.{first}'s already")
    owned = "reference" not in (one.credential_ownership, other.credential_ownership)
    if owned and one.credential.name is not None and one.credential.name == other.credential.name:
        rule = f"is made by storage.{first} already: refer to it here (credential.ownership: reference)"
        yield Broken(key=("storage", second, "credential", "name"), rule=rule)
