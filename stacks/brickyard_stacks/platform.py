"""The platform stack: what all projects of an environment share."""

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
from brickyard_stacks.identities import Identities, made_identities
from brickyard_stacks.names import ARTIFACTS_VOLUME, EXPERIMENTS_FOLDER, LANDING_VOLUME, EnvironmentNames
from brickyard_stacks.permissions import (
    Privileges,
    artifacts_privileges,
    catalog_privileges,
    landing_privileges,
    schema_privileges,
)
from brickyard_stacks.settings import Environment


class PlatformStack(EnvironmentStack):
    """The catalog with its schemas and volumes, groups, service principals, all access, the experiments' folder.

    Creates: databricks_group, databricks_service_principal, databricks_catalog, databricks_schema,
    databricks_volume, databricks_grants, databricks_workspace_binding, databricks_directory.
    """

    def __init__(self, scope: Construct, environment: Environment, *, root: Path) -> None:
        self._names = EnvironmentNames.of(environment)
        super().__init__(scope, self._names.platform_stack, environment=environment, root=root)
        self._identities = made_identities(Construct(self, "iam"), environment)
        self._catalog = self._environment_catalog(self._identities)
        self._volume("bronze", LANDING_VOLUME, "Data lands here, as files", landing_privileges())
        self._volume("models", ARTIFACTS_VOLUME, "Wheels of the projects' jobs", artifacts_privileges())
        folder = FolderProps(path=EXPERIMENTS_FOLDER, protected=environment.deletion_protection)
        Folder(self, "experiments", folder)
        TerraformOutput(self, "catalog_name", value=self._catalog.name)

    def _environment_catalog(self, identities: Identities) -> EnvironmentCatalog:
        settings = self.environment.catalog
        bindings = [
            CatalogBinding(workspace_id=b.workspace_id, read_only=b.access == "read_only") for b in settings.bindings
        ]
        props = EnvironmentCatalogProps(
            name=settings.name,
            comment=f"Data, features and models of the environment {self.environment.name}",
            isolated=settings.isolation == "ISOLATED",
            storage_root=settings.storage_root,
            bindings=tuple(bindings),
            access=identities.access(catalog_privileges(self.environment.stage)),
            schema_access={name: identities.access(schema_privileges(name)) for name in SCHEMAS},
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
