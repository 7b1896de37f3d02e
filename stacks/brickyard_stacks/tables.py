"""The tables that Terraform makes for a project, before the first job writes to them."""

from constructs import Construct

from brickyard_constructs.catalog import (
    Column,
    EntityTags,
    EntityTagsProps,
    GovernedSchema,
    GovernedTable,
    GovernedTableProps,
    TaggedEntity,
)
from brickyard_stacks.compute import referenced_warehouse
from brickyard_stacks.deployment import ProjectDeployment
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.identities import Identities
from brickyard_stacks.permissions import table_privileges
from brickyard_stacks.settings.deployment.tables import Table


def make_tables(
    scope: Construct, deployment: ProjectDeployment, identities: Identities, *, within: GovernedSchema | None
) -> None:
    """Every table of the settings, made by the environment's first warehouse."""
    tables = deployment.project.deployment.tables
    if not tables:
        return
    warehouse = _warehouse(scope, deployment)
    for dotted, table in tables.items():
        catalog, schema, name = deployment.names.table(dotted)
        props = GovernedTableProps(
            catalog=catalog,
            schema=schema,
            name=name,
            access=identities.access(table_privileges()),
            columns=_columns(dotted, table),
            warehouse_id=warehouse,
            comment=table.comment or "",
            cluster_keys=table.cluster_by,
            protected=deployment.protected,
        )
        made = GovernedTable(scope, f"table-{dotted}", props, within=within)
        if table.tags:
            tagged = EntityTagsProps(entity=TaggedEntity.TABLE, name=made.full_name, full_name=made.id, tags=table.tags)
            EntityTags(scope, f"table-{dotted}-tags", tagged)


def _warehouse(scope: Construct, deployment: ProjectDeployment) -> str:
    environment = deployment.environment
    name = next(iter(environment.compute.warehouses), None)
    if name is None:
        raise CannotBuildStacks(
            f"tables of {deployment.project.name} are made by a SQL warehouse; "
            f"name one in compute.warehouses of environments/{environment.name}.yaml"
        )
    return referenced_warehouse(scope, environment, name)


def _columns(dotted: str, table: Table) -> tuple[Column, ...]:
    if table.primary_key:
        rule = "the provider cannot make a primary key; the step that writes the table adds it"
        raise CannotBuildStacks(f"tables.{dotted}.primary_key: {rule}; take it out")
    return tuple(
        Column(name=name, type=column.type, comment=column.comment or "", nullable=column.nullable)
        for name, column in table.columns.items()
    )
