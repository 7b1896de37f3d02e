"""A catalog with its schemas, a volume and a model in it; a second catalog that others own, read by our jobs."""

from cdktf import TerraformStack

from brickyard_constructs.catalog import (
    SCHEMAS,
    Access,
    AdditionalGrants,
    CatalogBinding,
    EnvironmentCatalog,
    EnvironmentCatalogProps,
    GovernedModel,
    GovernedModelProps,
    GovernedSchema,
    GovernedSchemaProps,
    GovernedVolume,
    GovernedVolumeProps,
    Grant,
    Securable,
    SecurableGrants,
    SecurableName,
)

TEAM = Access(deployer="deployer", grants=(Grant(principal="team", privileges=("USE_SCHEMA", "SELECT")),))


def build(stack: TerraformStack) -> None:
    """Put it all into a stack."""
    catalog = EnvironmentCatalog(
        stack,
        "catalog",
        EnvironmentCatalogProps(
            name="dev",
            access=TEAM,
            schema_access=dict.fromkeys(SCHEMAS, TEAM),
            schema_ownership={"bronze": "reference", "silver": "adopt"},
            bindings=(CatalogBinding(workspace_id=42),),
        ),
    )
    landing = GovernedVolumeProps(catalog="dev", schema="gold", name="landing", access=TEAM)
    GovernedVolume(stack, "landing", landing, within=catalog.schemas["gold"])
    raw = GovernedVolumeProps(
        catalog="dev", schema="bronze", name="raw", access=TEAM, storage_location="s3://our-bucket/raw"
    )
    GovernedVolume(stack, "raw", raw)
    model = GovernedModelProps(catalog="dev", schema="models", name="churn", owner="app-id", access=TEAM)
    GovernedModel(stack, "model", model)
    sandbox = GovernedSchemaProps(catalog="dev", name="ann_churn", access=TEAM, protected=False)
    GovernedSchema(stack, "sandbox", sandbox)
    theirs = SecurableName(kind=Securable.CATALOG, name="shared", full_name="shared")
    AdditionalGrants(stack, "shared-catalog", on=theirs, access=TEAM)
    table = SecurableName(kind=Securable.TABLE, name="dev.gold.t", full_name="dev.gold.t")
    SecurableGrants(stack, "table-grants", on=table, access=TEAM)
