import json
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
from deltalake import DeltaTable, Field, Schema, write_deltalake
from deltalake.schema import ArrayType, MapType, PrimitiveType, StructType

from brickyard_local.catalog.delta import DeltaLogs, sql_type


def flights(*names: str) -> pa.Table:
    return pa.table({name: [1, 2] for name in names})


def test_a_folder_without_a_log_has_no_facts(tmp_path: Path) -> None:
    assert DeltaLogs().facts(tmp_path / "nothing") is None


def test_columns_are_those_of_the_log_with_partitions_and_comments(tmp_path: Path) -> None:
    schema = Schema(
        [
            Field("day", PrimitiveType("date"), nullable=False, metadata={"comment": "local"}),
            Field("price", PrimitiveType("decimal(10,2)")),
            Field("tags", ArrayType(PrimitiveType("string"), contains_null=True)),
        ]
    )
    DeltaTable.create(
        str(tmp_path), schema=schema, partition_by=["day"], description="d", configuration={"delta.appendOnly": "true"}
    )
    facts = DeltaLogs().facts(tmp_path)
    assert facts is not None
    day, price, tags = facts.columns
    assert (day["type_text"], day["type_name"], day["nullable"]) == ("date", "DATE", False)
    assert (day["comment"], day["partition_index"], day["position"]) == ("local", 0, 0)
    assert (price["type_text"], price["type_precision"], price["type_scale"]) == ("decimal(10,2)", 10, 2)
    assert (tags["type_text"], tags["type_name"]) == ("array<string>", "ARRAY")
    assert json.loads(tags["type_json"])["name"] == "tags"
    assert facts.comment == "d"
    assert facts.properties == {"delta.appendOnly": "true"}


def test_a_changed_schema_shows_at_once(tmp_path: Path) -> None:
    logs = DeltaLogs()
    write_deltalake(str(tmp_path), flights("a"))
    first = logs.facts(tmp_path)
    assert first is logs.facts(tmp_path), "an unchanged log is not read again"
    write_deltalake(str(tmp_path), flights("b", "c"), mode="overwrite", schema_mode="overwrite")
    second = logs.facts(tmp_path)
    assert second is not None
    assert [column["name"] for column in second.columns] == ["b", "c"]


def test_a_log_that_cannot_be_read_has_no_facts(tmp_path: Path) -> None:
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "_delta_log" / f"{0:020d}.json").write_text("not a log")
    assert DeltaLogs().facts(tmp_path) is None


def test_nested_types_are_written_as_sql() -> None:
    inner = StructType([Field("x", PrimitiveType("long")), Field("y", PrimitiveType("integer"))])
    nested = MapType(PrimitiveType("string"), inner, value_contains_null=True)
    assert sql_type(json.loads(nested.to_json())) == ("map<string,struct<x:bigint,y:int>>", "MAP")
