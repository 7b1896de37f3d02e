"""JSON Schemas of the two kinds of settings files, for editors. What the models accept, the schemas accept.

The rules between keys and the checks of names against each other are the models' alone: no schema says them.
"""

import json
from typing import Any, Literal, get_args

from brickyard_stacks.settings.environment import Environment
from brickyard_stacks.settings.places import Place, place_of_field
from brickyard_stacks.settings.project import Project
from brickyard_stacks.settings.reference import default_of, reference_page
from brickyard_stacks.settings.strict import Strict

Kind = Literal["environment", "project"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MODELS: dict[Kind, type[Strict]] = {"environment": Environment, "project": Project}
# The YAML language server reads no later one whole; what pydantic writes beyond it, `$defs`, is only a place.
_DIALECT = "http://json-schema.org/draft-07/schema#"


def json_schema(kind: Kind) -> dict[str, Any]:
    """The schema of `environments/*.yaml` or of `projects/*/project.yaml`."""
    model = MODELS[kind]
    schema = model.model_json_schema()
    models = {m.__name__: m for m in _models(Place(annotation=model))}
    for name, definition in schema.get("$defs", {}).items():
        _describe(definition, models[name])
    _describe(schema, model)
    return {"$schema": _DIALECT, **_without_titles(schema), "title": f"Brickyard {kind}"}


def schema_text(kind: Kind) -> str:
    """The schema as the file in docs/settings holds it."""
    return json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"


def documents() -> dict[str, str]:
    """What docs/settings holds, by file name."""
    return {**{f"{kind}.schema.json": schema_text(kind) for kind in KINDS}, "README.md": reference_page()}


def _models(place: Place) -> list[type[Strict]]:
    """Every model that a file of this kind may hold."""
    found = [place.model] if place.model is not None and issubclass(place.model, Strict) else []
    inner = (*place.members.values(), *(() if place.members else place.fields.values()))
    beside = (place.item,) if place.item is not None else ()
    return [*found, *(model for child in (*inner, *beside) for model in _models(child))]


def _describe(schema: dict[str, Any], model: type[Strict]) -> None:
    """What an editor shows beside a key: its meaning, the form of its text, and its default."""
    schema["description"] = (model.__doc__ or "").split("\n", 1)[0]
    for name, field in model.model_fields.items():
        place = place_of_field(field)
        default = "" if "default: " in place.meaning else default_of(field)
        said = (place.form, place.meaning, f"default: {default}" if default else "")
        if text := "; ".join(part for part in said if part):
            schema["properties"][name]["description"] = text


def _without_titles(schema: Any) -> Any:
    """Pydantic titles everything by its name, which an editor shows anyway."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _without_titles(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without_titles(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
