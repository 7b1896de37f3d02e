"""Tables and volumes that Terraform makes for a project, besides those its steps make."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.strict import Broken, Form, Snake, Strict, Tags, Text

ColumnType = Annotated[
    str,
    Field(pattern=r"^[A-Za-z][A-Za-z0-9_<>(),: ]*$", max_length=255),
    Form("a SQL type, such as BIGINT, DECIMAL(10,2) or ARRAY<STRING>"),
]


class Column(Strict):
    """A column of a table."""

    type: ColumnType = Field(description="its type in SQL")
    comment: Text | None = Field(default=None, description="what it holds")
    nullable: bool = Field(default=True, description="whether it may be empty")


class Table(Strict):
    """A managed Delta table; data in it are the steps' business."""

    columns: Annotated[dict[Snake, Column], Field(min_length=1)] = Field(description="by name, in order")
    comment: Text | None = Field(default=None, description="what it holds")
    primary_key: Annotated[tuple[Snake, ...], Field(strict=False)] = Field(default=(), description="columns")
    cluster_by: Annotated[tuple[Snake, ...], Field(strict=False, max_length=4)] = Field(
        default=(), description="at most four columns"
    )
    tags: Tags = Field(default={}, description="tags of Unity Catalog")

    def broken_rules(self) -> Iterable[Broken]:
        """Keys name columns, and a primary key is never null."""
        for key in ("primary_key", "cluster_by"):
            if unknown := [name for name in getattr(self, key) if name not in self.columns]:
                yield Broken(key=(key,), rule=f"names columns of the table; {', '.join(unknown)} is none")
        for name in self.primary_key:
            if name in self.columns and self.columns[name].nullable:
                yield Broken(key=("columns", name, "nullable"), rule="false, for a column of the primary key")


class Volume(Strict):
    """A managed volume."""

    comment: Text | None = Field(default=None, description="what it holds")
