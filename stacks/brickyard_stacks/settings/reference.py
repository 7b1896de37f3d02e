"""The reference page of settings: every key with its type, its default by stage, and what it is for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from brickyard_stacks.settings.environment import Environment
from brickyard_stacks.settings.places import Place, place_of_field
from brickyard_stacks.settings.project import Project
from brickyard_stacks.settings.stages import Stage

_STAGES: tuple[Stage, ...] = get_args(Stage)
_HEAD = "| Key | Type | Default | What it is for |\n|---|---|---|---|\n"
_SIMPLE = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_INTRODUCTION = """\
# Settings

One file per environment, `environments/<name>.yaml`, and one per project, `projects/<name>/project.yaml`. Unknown keys
are errors, values are never converted, and no key holds a secret. `brickyard environments check` explains everything
that is wrong at once; `brickyard environments diff dev prod` shows what differs. Editors complete and check the files
by [environment.schema.json](environment.schema.json) and [project.schema.json](project.schema.json).

This page and the schemas are written by `brickyard environments schema --write`; a test fails when they are stale.
A default that depends on the stage names the stages. `<name>` is a name of yours.
"""


def reference_page() -> str:
    """docs/settings/README.md."""
    parts = [_INTRODUCTION, *_file("Environment: environments/<name>.yaml", Environment)]
    return "\n".join([*parts, *_file("Project: projects/<name>/project.yaml", Project)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One key; `only` are the kinds of a union that have it, where not all do."""

    key: str
    type: str
    default: str
    meaning: str
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        """A line of the page's tables."""
        of = f"{', '.join(self.only)} only" if self.only else ""
        meaning = "; ".join(part for part in (self.meaning, of) if part)
        cells = (f"`{self.key}`", self.type, self.default or "required", meaning)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _file(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}\n"
    blocks = {name: (field, place_of_field(field)) for name, field in model.model_fields.items()}
    simple = [_row(name, place, field) for name, (field, place) in blocks.items() if not _is_block(place)]
    yield _table(simple)
    for name, (field, place) in blocks.items():
        if _is_block(place):
            default = default_of(field)
            yield f"### {name}\n\n{_about(place)} {f'Default: {default}.' if default else 'Required.'}\n"
            yield _table(_rows(name, place))


def _table(rows: Iterable[Row]) -> str:
    return _HEAD + "".join(f"{row}\n" for row in rows)


def _is_block(place: Place) -> bool:
    return bool(place.fields) or (place.item is not None and bool(place.item.fields))


def _about(place: Place) -> str:
    model = place.model or (place.item.model if place.item else None)
    text = place.meaning or ((model.__doc__ or "").split("\n", 1)[0] if model else "")
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "." if text else ""


def _rows(path: str, place: Place) -> Iterator[Row]:
    """The keys below a place, those of every member where a key chooses between several."""
    if place.item is not None:
        yield from _rows(f"{path}.{'<name>' if place.key else '<n>'}", place.item)
    elif place.members:
        yield from _rows_of_union(path, place)
    elif _alike(place):
        names = ", ".join(f"`{name}`" for name in place.fields)
        yield Row(key=path, type=f"keys {names}", default=" ", meaning="each as follows")
        yield from _rows(f"{path}.<name>", next(iter(place.fields.values())))
    elif place.model is not None:
        for name, field in place.model.model_fields.items():
            child = place_of_field(field)
            yield from _rows(f"{path}.{name}", child) if _is_block(child) else (_row(f"{path}.{name}", child, field),)


def _alike(place: Place) -> bool:
    """Whether a block's keys all hold the same model, such as its roles."""
    models = {child.model for child in place.fields.values()}
    return len(place.fields) > 2 and len(models) == 1 and None not in models


def _rows_of_union(path: str, place: Place) -> Iterator[Row]:
    key, kinds = f"{path}.{place.discriminator}", tuple(place.members)
    yield Row(key=key, type=_one_of(kinds), default="", meaning="which of these it is")
    having: dict[Row, list[str]] = {}
    for kind, member in place.members.items():
        for row in _rows(path, member):
            having.setdefault(row, []).append(kind)
    for row, of in having.items():
        if row.key != key:
            yield row if len(of) == len(kinds) else replace(row, only=tuple(of))


def _row(key: str, place: Place, field: FieldInfo) -> Row:
    meaning, _, default = (
        place.meaning.rpartition("default: ") if "default: " in place.meaning else (place.meaning, "", "")
    )
    return Row(key=key, type=_type(place), default=default or default_of(field), meaning=meaning.rstrip("; "))


def _type(place: Place) -> str:
    if get_origin(place.annotation) is Literal:
        return _one_of(get_args(place.annotation))
    if get_origin(place.annotation) is tuple and place.item is not None:
        return f"list of: {_type(place.item)}"
    if get_origin(place.annotation) is dict and place.item is not None:
        return f"by name: {_type(place.item)}"
    return place.form or _SIMPLE.get(place.annotation, "anything")


def _one_of(values: Iterable[str]) -> str:
    return "one of " + ", ".join(f"`{value}`" for value in values)


def default_of(field: FieldInfo) -> str:
    """A field's default as a file would write it, by stage where it depends on it; "" for a required one."""
    factory: Any = field.default_factory
    if factory is not None and not field.default_factory_takes_validated_data:
        return _shown(factory())
    if factory is not None:
        values = {stage: _shown(factory({"stage": stage, "name": "the name"})) for stage in _STAGES}
        if len(set(values.values())) == 1:
            return values["local"]
        by_value: dict[str, list[str]] = {}
        for stage, value in values.items():
            by_value.setdefault(value, []).append(stage)
        return "; ".join(f"{value} ({', '.join(stages)})" for value, stages in by_value.items())
    return "" if field.default is PydanticUndefined else _shown(field.default)


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        given = {name: part for name, part in value if name in value.model_fields_set}
        return ", ".join(f"{name}: {_shown(part)}" for name, part in given.items()) or "may be left out"
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
