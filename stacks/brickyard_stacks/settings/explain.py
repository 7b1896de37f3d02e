"""Say what is wrong in a settings file the way a colleague would: where, what, why, and what was meant."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from brickyard_stacks.errors import Problem
from brickyard_stacks.settings.document import Document, Location


def explain(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Every problem of a validation, in the order of the file's lines."""
    problems = [p for details in error.errors() for p in _problems(details, model, document)]
    return sorted(problems, key=lambda p: (p.line, p.key))


def _problems(details: ErrorDetails, model: type[BaseModel], document: Document) -> Iterator[Problem]:
    location = _without_union_tags(details["loc"], model)
    for broken in details.get("ctx", {}).get("broken", ()):
        place = (*location, *broken.key)
        yield _problem(document, place, got=_shown(_at(document.data, place)), rule=broken.rule)
    if details["type"] == "broken_rules":
        return
    if details["type"] == "extra_forbidden":
        yield _unknown_key(location, model, document)
    elif details["type"] == "union_tag_invalid":
        context = details["ctx"]
        rule = f"must be one of {context['expected_tags']}"
        yield _problem(document, (*location, "type"), got=_shown(context["tag"]), rule=rule, fix=_choice(details))
    elif details["type"] in ("missing", "union_tag_not_found"):
        missing = location if details["type"] == "missing" else (*location, "type")
        yield _problem(document, missing, rule="required, and missing")
    else:
        rule = _rule(details, location, model)
        yield _problem(document, location, got=_shown(details["input"]), rule=rule, fix=_choice(details))


def _problem(document: Document, location: Location, *, rule: str, got: str = "", fix: str = "") -> Problem:
    key = ".".join(map(str, location))
    return Problem(file=document.file, line=document.line(location), key=key, got=got, rule=rule, fix=fix)


def _unknown_key(location: Location, model: type[BaseModel], document: Document) -> Problem:
    around = _at(document.data, location[:-1])
    valid = sorted({name for m in _models(model, location[:-1], document.data) for name in m.model_fields})
    unused = [name for name in valid if not (isinstance(around, Mapping) and name in around)]
    near = get_close_matches(str(location[-1]), unused or valid, n=1, cutoff=0.5)
    fix = f"did you mean {near[0]}?" if near else f"valid here: {', '.join(valid)}"
    return _problem(document, location, rule="not a key of this place", fix=fix)


def _rule(details: ErrorDetails, location: Location, model: type[BaseModel]) -> str:
    """The field's own words where it has some; pydantic's message otherwise."""
    message = details["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "must be").replace("a valid string", "a text (quote it)")
    if details["type"] in ("string_pattern_mismatch", "string_too_long", "string_too_short"):
        description = _description(location, model)
        limit = details.get("ctx", {}).get("max_length")
        return f"must be {description}" + (f", at most {limit} long" if limit else "") if description else message
    return message


def _choice(details: ErrorDetails) -> str:
    """The nearest of the values a key may have."""
    context = details.get("ctx", {})
    expected = context.get("expected") or context.get("expected_tags") or ""
    choices = [c.strip(" '") for c in str(expected).replace(" or ", ", ").split(",")]
    got = details["input"]
    if details["type"] == "union_tag_invalid":
        got = context.get("tag", "")
    near = get_close_matches(str(got), choices, n=1, cutoff=0.6) if isinstance(got, str) else []
    return f"did you mean {near[0]}?" if near else ""


def _description(location: Location, model: type[BaseModel]) -> str:
    for parent in _models(model, location[:-1], None):
        field = parent.model_fields.get(str(location[-1])) if location else None
        if field is not None:
            texts = [field.description, *(getattr(m, "description", None) for m in _metadata(field.annotation))]
            return next((t for t in texts if t), "")
    # An item of a mapping such as tags: the description stands on the mapping's value.
    for parent in _models(model, location[:-2], None):
        field = parent.model_fields.get(str(location[-2])) if len(location) > 1 else None
        if field is not None:
            return next((t for m in _metadata(field.annotation) if (t := getattr(m, "description", None))), "")
    return ""


def _metadata(annotation: Any) -> Iterator[Any]:
    for argument in (*getattr(annotation, "__metadata__", ()), *get_args(annotation)):
        yield argument
        yield from _metadata(argument)


def _models(model: type[BaseModel], location: Location, data: object) -> list[type[BaseModel]]:
    """The models that may stand at a place; several where a key chooses between them."""
    found = [model]
    for depth, part in enumerate(location):
        fields = [m.model_fields[str(part)] for m in found if str(part) in m.model_fields]
        if isinstance(part, int):
            continue
        found = [m for f in fields for m in _models_within(f.annotation)]
        found = _chosen(found, _at(data, location[: depth + 1]))
    return found


def _models_within(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_within(argument)


def _chosen(models: list[type[BaseModel]], value: object) -> list[type[BaseModel]]:
    """Of the models of a union, the one that the key `type` names."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    fitting = [m for m in models if "type" in m.model_fields and kind in get_args(m.model_fields["type"].annotation)]
    return fitting or models


def _without_union_tags(location: Location, model: type[BaseModel]) -> Location:
    """Pydantic names a chosen union member as if it were a key; no file has that key."""
    kept: list[str | int] = []
    tag_was_here = False
    for part in location:
        if not tag_was_here and len(_models(model, tuple(kept), None)) > 1:
            tag_was_here = True
            continue
        tag_was_here = False
        if part == "[key]":
            break
        kept.append(part)
    return tuple(kept)


def _at(data: object, location: Location) -> object:
    for part in location:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, Sequence) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _shown(value: object) -> str:
    """A value as a file would show it, cut where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else f"{value} ({type(value).__name__})"
    return text if len(text) <= 80 else f"{text[:77]}..."
