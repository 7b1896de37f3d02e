"""Builds the services of Unity Catalog."""

from dataclasses import dataclass

from brickyard_local.account import Account, Home
from brickyard_local.catalog.bindings import BindingsService
from brickyard_local.catalog.constraints import ConstraintsService
from brickyard_local.catalog.containers import ContainersService
from brickyard_local.catalog.credentials import CredentialsService
from brickyard_local.catalog.functions import FunctionsService
from brickyard_local.catalog.grants import GrantsService
from brickyard_local.catalog.locations import LocationsService
from brickyard_local.catalog.paths import PathsService
from brickyard_local.catalog.service import CatalogService, Principals
from brickyard_local.catalog.storage import Storage
from brickyard_local.catalog.tables import TablesService
from brickyard_local.catalog.tags import TagsService
from brickyard_local.catalog.views import Owners, ViewsService
from brickyard_local.catalog.volumes import VolumesService
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class UnityCatalog:
    """Unity Catalog's services, one per kind of thing; `catalog` is what holds for all."""

    catalog: CatalogService
    containers: ContainersService
    volumes: VolumesService
    tables: TablesService
    constraints: ConstraintsService
    functions: FunctionsService
    grants: GrantsService
    bindings: BindingsService
    credentials: CredentialsService
    locations: LocationsService
    paths: PathsService
    tags: TagsService
    views: ViewsService


def compose_catalog(store: Store, account: Account, home: Home, principals: Principals, owners: Owners) -> UnityCatalog:
    """Finishes what an earlier process left half done. Called before anything is answered."""
    catalog = CatalogService(store, account, Storage(store, home), principals)
    catalog.start()
    locations = LocationsService(catalog)
    tables = TablesService(store, catalog, locations)
    tables.start()
    return UnityCatalog(
        catalog=catalog,
        containers=ContainersService(catalog, locations),
        volumes=VolumesService(catalog, locations),
        tables=tables,
        constraints=ConstraintsService(catalog, tables),
        functions=FunctionsService(catalog),
        grants=GrantsService(catalog),
        bindings=BindingsService(catalog, account),
        credentials=CredentialsService(catalog),
        locations=locations,
        paths=PathsService(catalog, locations, home.root),
        tags=TagsService(catalog, tables),
        views=ViewsService(catalog, tables, owners),
    )
