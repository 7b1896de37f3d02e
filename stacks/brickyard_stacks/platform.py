"""The platform stack: what all projects of an environment share, and what therefore exists once."""

from pathlib import Path

from cdktf import TerraformOutput
from constructs import Construct

from brickyard_constructs.catalog import (
    SCHEMAS,
    CatalogBinding,
    EnvironmentCatalog,
    EnvironmentCatalogProps,
    GovernedVolume,
    GovernedVolumeProps,
)
from brickyard_constructs.workspace import Folder, FolderProps
from brickyard_stacks.base import EnvironmentStack
from brickyard_stacks.identities import GROUPS, PRINCIPALS, Identities, made_identities, referenced_identities
from brickyard_stacks.names import ARTIFACTS_VOLUME, LANDING_VOLUME, EnvironmentNames
from brickyard_stacks.permissions import (
    Privileges,
    artifacts_privileges,
    catalog_privileges,
    landing_privileges,
    schema_privileges,
)
from brickyard_stacks.settings import Environment


class PlatformStack(EnvironmentStack):
    """Catalog, schemas, volumes, storage, secret scopes, policies, pools, warehouses, and all access to them.

    Without an account stack, groups and service principals as well, where the settings say to make them.

    Creates: what the constructs of `brickyard_constructs.catalog`, `storage`, `secrets` and `compute` create, and
    databricks_directory.
    """

    def __init__(self, scope: Construct, environment: Environment, *, root: Path) -> None:
        self._names = EnvironmentNames.of(environment)
        super().__init__(scope, self._names.platform_stack, environment=environment, root=root)
        self._identities = self._who()
        storage_root = self._storage_root()
        self._catalog = self._environment_catalog(storage_root)
        self._volume("bronze", LANDING_VOLUME, "Data lands here, as files", landing_privileges())
        self._volume("models", ARTIFACTS_VOLUME, "Wheels of the projects' jobs", artifacts_privileges())
        folder = FolderProps(path=self._names.workspace_folder, protected=environment.deletion_protection)
        Folder(self, "experiments", folder)
        self._compute()
        self._secrets()
        TerraformOutput(self, "catalog_name", value=self._catalog.name)

    def _who(self) -> Identities:
        scope = Construct(self, "iam")
        if self.environment.account is not None:
            return referenced_identities(scope, self.environment, (*GROUPS, *PRINCIPALS))
        return made_identities(scope, self.environment)

    def _storage_root(self) -> str | None:
        """Where the catalog's managed data lie: a block of storage, a URL, or where the metastore puts them."""
        settings = self.environment.catalog
        if not self.environment.storage:
            return settings.storage_root
        from brickyard_stacks.storage import make_storage  # its bindings are loaded only where there is storage

        urls = make_storage(Construct(self, "storage"), self.environment, self._identities)
        return settings.storage_root if settings.storage is None else urls[settings.storage]

    def _environment_catalog(self, storage_root: str | None) -> EnvironmentCatalog:
        settings = self.environment.catalog
        bindings = [
            CatalogBinding(workspace_id=b.workspace_id, read_only=b.access == "read_only") for b in settings.bindings
        ]
        owned = {name: getattr(settings.schemas, name) for name in SCHEMAS}
        identities = self._identities
        props = EnvironmentCatalogProps(
            name=settings.name,
            comment=f"Data, features and models of the environment {self.environment.name}",
            isolated=settings.isolation == "ISOLATED",
            storage_root=storage_root,
            bindings=tuple(bindings),
            access=identities.access(catalog_privileges(self.environment.stage), settings.extra_access),
            schema_access={n: identities.access(schema_privileges(n), s.extra_access) for n, s in owned.items()},
            ownership=settings.ownership,
            schema_ownership={n: s.ownership for n, s in owned.items()},
            protected=self.environment.deletion_protection,
            properties=self.tags(),
        )
        return EnvironmentCatalog(self, "catalog", props)

    def _volume(self, schema: str, name: str, comment: str, privileges: Privileges) -> None:
        props = GovernedVolumeProps(
            catalog=self.environment.catalog.name,
            schema=schema,
            name=name,
            comment=comment,
            access=self._identities.access(privileges),
            protected=self.environment.deletion_protection,
        )
        GovernedVolume(self, name, props, within=self._catalog.schemas[schema])

    def _compute(self) -> None:
        settings = self.environment.compute
        if not (settings.policies or settings.pools or settings.warehouses):
            return
        from brickyard_stacks.compute import make_compute  # as above

        make_compute(Construct(self, "compute"), self.environment, self._identities, self.tags())

    def _secrets(self) -> None:
        if not self.environment.secrets.scopes:
            return
        from brickyard_stacks.scopes import make_scopes  # as above

        make_scopes(Construct(self, "secrets"), self.environment, self._identities)
