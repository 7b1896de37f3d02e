"""What the MLmodel file of a version says of its task, inputs and resources. The model itself is never loaded here.

Source: mlflow.org/docs/latest/model (the MLmodel file, signatures);
docs.databricks.com/api/workspace/servingendpoints/getopenapi
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_MOST_BYTES = 4 * 1024 * 1024
_TYPES = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "format": "byte"},
    "datetime": {"type": "string", "format": "date-time"},
}
Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The task that the model names, its flavours, and its signature's columns (none of tensors, or no signature).

    `lakebase` are the database instances that it declares as resources.
    """

    task: str | None = None
    flavors: frozenset[str] = frozenset()
    inputs: list[Schema] = field(default_factory=list)
    outputs: list[Schema] = field(default_factory=list)
    lakebase: tuple[str, ...] = ()


def read(folder: Path) -> Facts:
    """Nothing where the file is missing or says nothing: what loads the model will say what is wrong with it."""
    import yaml

    path = folder / "MLmodel"
    try:
        found = yaml.safe_load(path.read_bytes()[:_MOST_BYTES])
        metadata, signature = found.get("metadata") or {}, found.get("signature") or {}
        task, flavors = metadata.get("task"), frozenset(found.get("flavors") or ())
        resources = (found.get("resources") or {}).get("databricks") or {}
        lakebase = tuple(str(one["name"]) for one in resources.get("lakebase") or ())
        inputs, outputs = (_columns(signature.get(name)) for name in ("inputs", "outputs"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError):
        return Facts()
    return Facts(task=str(task) if task else None, flavors=flavors, inputs=inputs, outputs=outputs, lakebase=lakebase)


def openapi(endpoint: str, host: str, entities: dict[str, Facts]) -> Schema:
    """The query schema of an endpoint: a path per served entity."""
    return {
        "openapi": "3.1.0",
        "info": {"title": endpoint, "version": "1"},
        "servers": [{"url": f"{host}/serving-endpoints/{endpoint}"}],
        "paths": {f"/served-models/{name}/invocations": {"post": _post(facts)} for name, facts in entities.items()},
    }


def _columns(text: Any) -> list[Schema]:
    columns = json.loads(text) if isinstance(text, str) else []
    return [column for column in columns if isinstance(column, dict) and column.get("type") != "tensor"]


def _post(facts: Facts) -> Schema:
    row = _object(facts.inputs)
    names = [str(column.get("name")) for column in facts.inputs]
    split: Schema = {"columns": {"type": "array", "items": {"type": "string", "enum": names} if names else {}}}
    split["data"] = {"type": "array", "items": {"type": "array"}}
    forms = [
        {"type": "object", "required": ["dataframe_records"], "properties": {"dataframe_records": _array(row)}},
        {
            "type": "object",
            "required": ["dataframe_split"],
            "properties": {"dataframe_split": {"type": "object", "properties": split}},
        },
        {"type": "object", "required": ["inputs"], "properties": {"inputs": {}}},
        {"type": "object", "required": ["instances"], "properties": {"instances": {"type": "array"}}},
    ]
    answer = {"type": "object", "properties": {"predictions": _array(_object(facts.outputs))}}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"oneOf": forms}}}},
        "responses": {"200": {"description": "Predictions", "content": {"application/json": {"schema": answer}}}},
    }


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(columns: list[Schema]) -> Schema:
    named = {str(column["name"]): _TYPES.get(str(column.get("type")), {}) for column in columns if column.get("name")}
    if not named:
        return {}
    required = [str(column["name"]) for column in columns if column.get("name") and column.get("required", True)]
    return {"type": "object", "properties": named, "required": required}
