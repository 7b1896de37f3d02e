"""Tables: their columns, and what cannot be said of them to Terraform."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from hypothesis import given
from hypothesis import strategies as st

from brickyard_constructs.catalog import Access, Column, GovernedTable, GovernedTableProps
from brickyard_constructs.errors import InvalidProps

COLUMNS = (Column(name="id", type="bigint", nullable=False), Column(name="at", type="timestamp", comment="When"))


def props(**changes: Any) -> GovernedTableProps:
    settings: dict[str, Any] = {
        "catalog": "dev",
        "schema": "gold",
        "name": "t",
        "access": Access(deployer="deployer"),
        "columns": COLUMNS,
        "warehouse_id": "w",
    }
    return GovernedTableProps(**settings | changes)


def test_a_managed_table_names_no_format_since_the_provider_would_replace_one_that_is_there(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    GovernedTable(stack, "t", props(cluster_keys=("AT",)))

    (table,) = synth()["databricks_sql_table"].values()
    assert "data_source_format" not in table
    assert table["table_type"] == "MANAGED"
    assert table["lifecycle"] == {"prevent_destroy": True}
    assert table["column"] == [
        {"name": "id", "nullable": False, "type": "bigint"},
        {"comment": "When", "name": "at", "nullable": True, "type": "timestamp"},
    ]


def test_an_external_table_is_delta(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    GovernedTable(stack, "t", props(storage_location="s3://bucket/t", protected=False))

    (table,) = synth()["databricks_sql_table"].values()
    assert (table["table_type"], table["data_source_format"]) == ("EXTERNAL", "DELTA")
    assert "lifecycle" not in table


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"columns": ()}, "columns: got"),
        ({"warehouse_id": ""}, "warehouse_id: got ''"),
        ({"columns": (*COLUMNS, Column(name="ID", type="int"))}, "columns: got 'id'; each name stands once"),
        ({"cluster_keys": ("nothing",)}, "cluster_keys: got 'nothing'; a column of the table"),
        ({"properties": {"delta.constraints.positive": "id > 0"}}, "takes CHECK constraints by ALTER TABLE only"),
        ({"properties": {"note": "it's"}}, "the provider does not escape it"),
        ({"comment": "one\\"}, "it becomes part of SQL"),
        ({"name": "a`b"}, "it becomes part of SQL"),
        ({"ownership": "reference"}, "columns: .*; a referenced table keeps what it has"),
        ({"storage_location": "/mnt/t"}, "storage_location: got '/mnt/t'"),
    ],
)
def test_a_table_that_would_not_be_made_as_it_is_said_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        props(**changes)


@pytest.mark.parametrize(
    "type_", ["bigint PRIMARY KEY", "int NOT NULL", "int DEFAULT 1", "int CHECK (x > 0)", "decimal(10, 2)", "", "1"]
)
def test_what_a_columns_type_cannot_say_is_refused_by_name(type_: str) -> None:
    with pytest.raises(InvalidProps, match="no argument for PRIMARY KEY, FOREIGN KEY, CHECK or DEFAULT"):
        Column(name="id", type=type_)


def test_only_a_bigint_numbers_itself() -> None:
    assert Column(name="id", type="BIGINT", identity="always")
    with pytest.raises(InvalidProps, match="an identity column is a bigint"):
        Column(name="id", type="int", identity="always")


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_text_of_a_column_breaks_out_of_its_place_in_sql(name: str, type_: str, comment: str) -> None:
    try:
        column = Column(name=name, type=type_, comment=comment)
    except InvalidProps:
        return
    assert "`" not in column.name
    assert "\\" not in column.comment
    assert not set(column.type) & set(" ;'\"\\\n-/") or "${" in column.type
