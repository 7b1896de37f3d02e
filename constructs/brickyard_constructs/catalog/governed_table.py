"""Delta tables that arrive with their columns, comments and access rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cdktf_cdktf_provider_databricks.sql_table import SqlTable, SqlTableColumn
from constructs import Construct

from brickyard_constructs.catalog.governed_schema import GovernedSchema
from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_not_empty, check_object_name, check_storage_url, known
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over

# One type as Databricks shows it again, such as `map<string,decimal(10,2)>`: a space would be a change in every plan.
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_<>:,()`]*")
_TYPE_RULE = (
    "a type alone and without spaces, such as decimal(10,2); NOT NULL is `nullable=False`. databricks_sql_table has no "
    "argument for PRIMARY KEY, FOREIGN KEY, CHECK or DEFAULT: the step that writes the table adds them in SQL"
)
_CHECK_PROPERTY = "delta.constraints."


def _check_quotable(prop: str, value: str) -> None:
    """The provider pastes texts into SQL statements, and escapes no more than ' in comments."""
    if known(value) and re.search(r"[\\`\x00-\x1f]", value):
        raise InvalidProps(prop, value, rule="no backslash, backquote or control character: it becomes part of SQL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column: its type as SQL text, its comment, and whether it may be empty or numbers itself."""

    name: str
    type: str
    comment: str = ""
    nullable: bool = True
    identity: Literal["always", "default"] | None = None

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        _check_quotable("name", self.name)
        _check_quotable("comment", self.comment)
        if known(self.type) and not _TYPE.fullmatch(self.type):
            raise InvalidProps(f"type of {self.name}", self.type, rule=_TYPE_RULE)
        if self.identity and self.type.lower() not in ("bigint", "long"):
            raise InvalidProps(f"type of {self.name}", self.type, rule="an identity column is a bigint")


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedTableProps:
    """The table, its columns, and the SQL warehouse that makes it; with a `storage_location`, it is an external one.

    A referenced table has neither columns nor a warehouse: it is only named.
    """

    catalog: str
    schema: str
    name: str
    access: Access
    columns: tuple[Column, ...] = ()
    warehouse_id: str = ""
    comment: str = ""
    cluster_keys: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    storage_location: str | None = None
    owner: str | None = None
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        for prop in ("catalog", "schema", "name"):
            check_object_name(prop, getattr(self, prop))
            _check_quotable(prop, getattr(self, prop))
        check_ownership(self.ownership)
        _check_quotable("comment", self.comment)
        if self.storage_location is not None:
            check_storage_url("storage_location", self.storage_location)
            _check_quotable("storage_location", self.storage_location)
        if self.ownership == "reference":
            self._check_only_named()
        else:
            self._check_definition()

    def _check_only_named(self) -> None:
        for prop in ("columns", "warehouse_id", "cluster_keys", "properties", "storage_location", "owner", "comment"):
            if getattr(self, prop):
                raise InvalidProps(prop, getattr(self, prop), rule="a referenced table keeps what it has; adopt it")

    def _check_definition(self) -> None:
        check_not_empty("columns", self.columns)
        # Without one the provider starts a cluster of its own for every change.
        check_not_empty("warehouse_id", self.warehouse_id)
        names = [column.name.lower() for column in self.columns]
        for name in names:
            if names.count(name) > 1:
                raise InvalidProps("columns", name, rule="each name stands once, in whatever case")
        for key in self.cluster_keys:
            if self.cluster_keys != ("AUTO",) and key.lower() not in names:
                raise InvalidProps("cluster_keys", key, rule="a column of the table, or AUTO alone")
        for key, value in self.properties.items():
            self._check_property(key, value)

    def _check_property(self, key: str, value: str) -> None:
        if key.lower().startswith(_CHECK_PROPERTY):
            rule = "Databricks takes CHECK constraints by ALTER TABLE only: the step that writes the table adds them"
            raise InvalidProps("properties", key, rule=rule)
        for text in (key, value):
            _check_quotable("properties", text)
            if known(text) and "'" in text:
                raise InvalidProps("properties", text, rule="no ': the provider does not escape it in SQL")

    @property
    def full_name(self) -> str:
        """The three-level name."""
        return f"{self.catalog}.{self.schema}.{self.name}"


class GovernedTable(Construct):
    """A Delta table, managed or external, that exists before the first job writes to it or a monitor watches it.

    A managed one names no format, which is Delta by itself: with `DELTA` the provider writes CREATE OR REPLACE TABLE
    (resource_sql_table.go), and a table that somebody else made would lose its rows. Columns are added or changed in
    one deployment each; the provider refuses both at once, and another type for a column that exists.

    Creates: databricks_sql_table, unless it is referenced; databricks_grants, or databricks_grant for each principal
    where it is referenced.
    Gaps: primary and foreign keys, CHECK constraints, defaults, views.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/sql_table
    """

    def __init__(
        self, scope: Construct, id_: str, props: GovernedTableProps, *, within: GovernedSchema | None = None
    ) -> None:
        """`within` is the schema, where the same stack makes it: the table then waits for it."""
        super().__init__(scope, id_)
        self.full_name = props.full_name
        self.table = self._made(props, within) if props.ownership != "reference" else None
        # Taken from the resource, the id makes whoever uses it wait.
        self.id = self.table.id if self.table else props.full_name
        on = SecurableName(kind=Securable.TABLE, name=props.full_name, full_name=self.id)
        govern(self, "grants", on=on, access=props.access, ownership=props.ownership)

    def _made(self, props: GovernedTableProps, within: GovernedSchema | None) -> SqlTable:
        table = SqlTable(
            self,
            "Resource",
            catalog_name=within.catalog_name if within else props.catalog,
            schema_name=within.name if within else props.schema,
            name=props.name,
            table_type="EXTERNAL" if props.storage_location else "MANAGED",
            data_source_format="DELTA" if props.storage_location else None,
            storage_location=props.storage_location,
            warehouse_id=props.warehouse_id,
            column=[_column(column) for column in props.columns],
            cluster_keys=list(props.cluster_keys) or None,
            properties=dict(props.properties) or None,
            owner=props.owner,
            comment=props.comment or None,
            lifecycle=protection(props.protected),
        )
        take_over(table, props.ownership, props.full_name)
        return table


def _column(column: Column) -> SqlTableColumn:
    return SqlTableColumn(
        name=column.name,
        type=column.type,
        comment=column.comment or None,
        nullable=column.nullable,
        identity=column.identity,
    )
