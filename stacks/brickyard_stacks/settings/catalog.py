"""The environment's catalog: its schemas, who else may see it, and where its data lies."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from brickyard_stacks.settings.ownership import ExtraAccess, Owned
from brickyard_stacks.settings.strict import Broken, Kebab, Snake, Strict, Text


class Binding(Strict):
    """Another workspace that may see the catalog; the one that creates it is bound by Databricks."""

    workspace_id: int = Field(gt=0, lt=2**63, description="the workspace's id, a positive whole number")
    access: Literal["read_only", "read_write"] = Field(default="read_only", description="what it may do there")


class Schema(Owned):
    """One schema of the catalog; its id is `catalog.schema`."""

    extra_access: ExtraAccess = Field(
        default={}, description="privileges of others that stay, by principal; for what is not referenced"
    )

    def broken_rules(self) -> Iterable[Broken]:
        """What is only referenced keeps its grants by itself."""
        yield from super().broken_rules()
        if self.extra_access and self.ownership == "reference":
            rule = "only for what we create or adopt: we leave the grants of what we refer to alone"
            yield Broken(key=("extra_access",), rule=rule)


SCHEMA_NAMES = ("bronze", "silver", "gold", "features", "models", "metrics", "inference", "payloads")


class Schemas(Strict):
    """The schemas that every project shares."""

    bronze: Schema = Field(default_factory=Schema, description="data as it arrived")
    silver: Schema = Field(default_factory=Schema, description="cleaned and typed data")
    gold: Schema = Field(default_factory=Schema, description="data ready for reports and applications")
    features: Schema = Field(default_factory=Schema, description="feature tables for training and inference")
    models: Schema = Field(default_factory=Schema, description="registered models and the wheels of their jobs")
    metrics: Schema = Field(default_factory=Schema, description="quality of data and models over time")
    inference: Schema = Field(default_factory=Schema, description="predictions, appended and never overwritten")
    payloads: Schema = Field(default_factory=Schema, description="requests and responses that endpoints record")


class Catalog(Schema):
    """The environment's catalog; its id is its name."""

    name: Snake = Field(description="unique in the metastore")
    isolation: Literal["ISOLATED", "OPEN"] = Field(
        default="ISOLATED", description="ISOLATED: seen by its own workspace and those of `bindings`; OPEN: by all"
    )
    storage_root: Text | None = Field(default=None, description="the URL of its managed data; default: the metastore's")
    storage: Kebab | None = Field(default=None, description="a block of `storage` whose URL holds its managed data")
    bindings: tuple[Binding, ...] = Field(default=(), strict=False, description="other workspaces that may see it")
    schemas: Schemas = Field(default_factory=Schemas, description="who owns each of its schemas")

    def broken_rules(self) -> Iterable[Broken]:
        """Bindings are for isolated catalogs, one for each workspace; managed data lie in one place."""
        yield from super().broken_rules()
        if self.bindings and self.isolation != "ISOLATED":
            rule = "bindings need isolation ISOLATED: an OPEN catalog is seen by every workspace"
            yield Broken(key=("isolation",), rule=rule)
        if len({b.workspace_id for b in self.bindings}) != len(self.bindings):
            yield Broken(key=("bindings",), rule="each workspace_id stands once: keep one entry for each workspace")
        if self.storage is not None and self.storage_root is not None:
            yield Broken(key=("storage_root",), rule="storage says where the data lies: remove one of the two")
