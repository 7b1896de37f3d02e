"""The text of the view of served entities: its rows as literals, whatever they hold."""

from typing import Any

from brickyard_local.serving.system_table import text_of

ROW: dict[str, Any] = {
    "served_entity_id": "e1",
    "workspace_id": "7",
    "created_by": "o'neill\\",
    "endpoint_name": "ask",
    "endpoint_id": "p1",
    "served_entity_name": "m-1",
    "entity_type": "CUSTOM_MODEL",
    "entity_name": "dev.ml.m",
    "entity_version": "1",
    "endpoint_config_version": 2,
    "change_time": 1383300000.25,
}


def test_values_are_literals_that_nothing_breaks_out_of() -> None:
    text = text_of([ROW])
    assert "'o\\'neill\\\\'" in text
    assert ", 2, timestamp_millis(1383300000250))" in text
    assert text.endswith("endpoint_config_version, change_time)")


def test_without_an_endpoint_the_columns_are_there_and_no_row() -> None:
    text = text_of([])
    assert "CAST(NULL AS string) AS served_entity_id" in text
    assert text.endswith("WHERE false")
