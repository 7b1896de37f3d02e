"""A table with comments on its columns, tags on it and on one of them; a table of others that we read."""

from cdktf import TerraformStack

from brickyard_constructs.catalog import (
    Access,
    Column,
    EntityTags,
    EntityTagsProps,
    GovernedTable,
    GovernedTableProps,
    Grant,
    TaggedEntity,
)

READERS = Access(deployer="deployer", grants=(Grant(principal="team", privileges=("SELECT",)),))


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    props = GovernedTableProps(
        catalog="dev",
        schema="inference",
        name="churn",
        access=READERS,
        warehouse_id="1234567890abcdef",
        comment="Predictions of the churn model",
        columns=(
            Column(name="id", type="bigint", comment="One prediction", nullable=False, identity="always"),
            Column(name="customer", type="string", comment="Whom it is about", nullable=False),
            Column(name="scores", type="map<string,decimal(10,2)>", comment="By class"),
        ),
        cluster_keys=("customer",),
        properties={"delta.enableChangeDataFeed": "true"},
    )
    table = GovernedTable(stack, "predictions", props)
    owner = EntityTagsProps(
        entity=TaggedEntity.TABLE, name=props.full_name, full_name=table.id, tags={"owner": "team", "project": "churn"}
    )
    EntityTags(stack, "table-tags", owner)
    personal = EntityTagsProps(
        entity=TaggedEntity.COLUMN,
        name=f"{props.full_name}.customer",
        full_name=f"{table.id}.customer",
        tags={"pii": "id"},
    )
    EntityTags(stack, "column-tags", personal)
    theirs = GovernedTableProps(catalog="shared", schema="crm", name="customers", access=READERS, ownership="reference")
    GovernedTable(stack, "theirs", theirs)
