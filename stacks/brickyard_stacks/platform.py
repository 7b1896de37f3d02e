"""The platform stack: what all projects of an environment share, and what therefore exists once."""

from pathlib import Path
from typing import Any

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
from brickyard_stacks.base import EnvironmentStack, provider_arguments
from brickyard_stacks.copying import Copier, bindings, with_copiers
from brickyard_stacks.identities import platform_identities
from brickyard_stacks.names import ARTIFACTS_VOLUME, LANDING_VOLUME, MODELS_SCHEMA, EnvironmentNames
from brickyard_stacks.permissions import (
    Privileges,
    artifacts_privileges,
    catalog_privileges,
    folder_levels,
    landing_privileges,
    schema_privileges,
)
from brickyard_stacks.roles import give_run_as_roles
from brickyard_stacks.settings import Environment

_EARLIER_FOLDER = "databricks_directory.experiments_28E15452"


class PlatformStack(EnvironmentStack):
    """Catalog, schemas, volumes, storage, secret scopes, policies, pools, warehouses, online stores, and their access.

    Without an account stack, groups and service principals as well, where the settings say to make them. It is applied
    by `platform.deployer`, or by the deployer of the projects' stacks.

    Creates: what the constructs of `brickyard_constructs.catalog`, `storage`, `secrets`, `compute` and `databases`
    create, databricks_directory and databricks_permissions; databricks_access_control_rule_set where it makes `run_as`.
    """

    def __init__(
        self, scope: Construct, environment: Environment, *, root: Path, copiers: tuple[Copier, ...] = ()
    ) -> None:
        """`copiers` copy models up from here."""
        self._copiers = copiers
        self._names = EnvironmentNames.of(environment)
        super().__init__(scope, self._names.platform_stack, environment=environment, root=root)
        iam = Construct(self, "iam")
        self._identities = platform_identities(iam, environment)
        if environment.account is None:
            give_run_as_roles(iam, environment, self._identities)
        storage_root = self._storage_root()
        self._catalog = self._environment_catalog(storage_root)
        self._volume("bronze", LANDING_VOLUME, "Data lands here, as files", landing_privileges())
        self._volume("models", ARTIFACTS_VOLUME, "Wheels of the projects' jobs", artifacts_privileges())
        self._folder()
        self._compute()
        self._online_stores()
        self._secrets()
        TerraformOutput(self, "catalog_name", value=self._catalog.name)

    def sign_in(self, root: Path) -> dict[str, Any]:
        """As the platform's administrator, where the settings name one."""
        return provider_arguments(self.environment.platform_auth, root)

    def _folder(self) -> None:
        props = FolderProps(
            path=self._names.workspace_folder,
            permissions=self._identities.permissions(folder_levels()),
            protected=self.environment.deletion_protection,
        )
        Folder(self, "folder", props)
        # Earlier ones stood in the deployer's home, with experiments in them: forgotten, and left standing.
        self.add_override("removed", [{"from": _EARLIER_FOLDER, "lifecycle": {"destroy": False}}])

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
        bound = [
            CatalogBinding(workspace_id=b.workspace_id, read_only=b.access == "read_only") for b in settings.bindings
        ]
        owned = {name: getattr(settings.schemas, name) for name in SCHEMAS}
        identities = self._identities
        access = identities.access(catalog_privileges(self.environment.stage), settings.extra_access)
        schema_access = {n: identities.access(schema_privileges(n), s.extra_access) for n, s in owned.items()}
        models = schema_access[MODELS_SCHEMA]
        schema_access[MODELS_SCHEMA] = with_copiers(self, models, self._copiers, "schema")
        props = EnvironmentCatalogProps(
            name=settings.name,
            comment=f"Data, features and models of the environment {self.environment.name}",
            isolated=settings.isolation == "ISOLATED",
            storage_root=storage_root,
            bindings=(*bound, *bindings(self.environment, self._copiers)),
            access=with_copiers(self, access, self._copiers, "catalog"),
            schema_access=schema_access,
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

    def _online_stores(self) -> None:
        if not self.environment.compute.online_stores:
            return
        from brickyard_stacks.online_stores import make_online_stores  # as above

        make_online_stores(Construct(self, "online-stores"), self.environment, self._identities, self.tags())

    def _secrets(self) -> None:
        if not self.environment.secrets.scopes:
            return
        from brickyard_stacks.scopes import make_scopes  # as above

        make_scopes(Construct(self, "secrets"), self.environment, self._identities)
