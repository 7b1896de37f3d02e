"""Say what is wrong in a settings file the way a colleague would: where, what, why, and what was meant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from brickyard_stacks.errors import Problem
from brickyard_stacks.settings.document import Document, Location
from brickyard_stacks.settings.places import Place, locate
from brickyard_stacks.settings.strict import Broken, Strict

_TEXT_ERRORS = ("string_pattern_mismatch", "string_too_long", "string_too_short")


def explain(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Every problem of a validation, in the order of the file's lines."""
    problems = [p for details in error.errors() for p in _problems(details, model, document)]
    return sorted(problems, key=lambda p: (p.line, p.key))


def _problems(details: ErrorDetails, model: type[BaseModel], document: Document) -> Iterator[Problem]:
    location, place = locate(model, details["loc"])
    kind = details["type"]
    if kind == "broken_rules":
        yield from (problem_of(broken, document, location) for broken in details["ctx"]["broken"])
    elif kind == "extra_forbidden":
        yield _unknown_key(location, place, document)
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        yield _unknown_member(details, location, place, document)
    elif kind == "missing":
        yield _problem(document, location, rule="required, and missing", fix=place.meaning)
    elif kind != "default_factory_not_called":  # what its value follows from is a problem of its own
        rule = _rule(details, place)
        fix = _near(details["input"], _expected(details))
        yield _problem(document, location, got=_shown(details["input"]), rule=rule, fix=fix)


def problem_of(broken: Broken, document: Document, within: Location = ()) -> Problem:
    """A broken rule with its place in the file."""
    at = (*within, *broken.key)
    got = _at(document.data, at)
    return _problem(document, at, got=_shown(got), rule=broken.rule, fix=_near(got, broken.choices))


def _problem(document: Document, location: Location, *, rule: str, got: str = "", fix: str = "") -> Problem:
    key = ".".join(map(str, location))
    return Problem(file=document.file, line=document.line(location), key=key, got=got, rule=rule, fix=fix)


def _unknown_key(location: Location, place: Place, document: Document) -> Problem:
    key = str(location[-1])
    model = place.model
    if model is not None and issubclass(model, Strict) and key in model.retired:
        return _problem(document, location, rule="not a key of this place any more", fix=model.retired[key])
    around = _at(document.data, location[:-1])
    valid = sorted(place.fields)
    unused = [name for name in valid if not (isinstance(around, Mapping) and name in around)]
    fix = _near(key, unused, cutoff=0.5) or _near(key, valid) or f"valid here: {', '.join(valid)}"
    return _problem(document, location, rule="not a key of this place", fix=fix)


def _unknown_member(details: ErrorDetails, location: Location, place: Place, document: Document) -> Problem:
    """The key that chooses between several models is missing, or names none of them."""
    at, tags = (*location, place.discriminator), sorted(place.members)
    one_of = f"must be one of {', '.join(tags)}"
    if details["type"] == "union_tag_not_found":
        if not isinstance(details["input"], Mapping):
            return _problem(document, location, got=_shown(details["input"]), rule="must be keys and values")
        return _problem(document, at, rule="required, and missing", fix=one_of)
    tag = details["ctx"]["tag"]
    return _problem(document, at, got=_shown(_at(document.data, at)), rule=one_of, fix=_near(tag, tags))


def _rule(details: ErrorDetails, place: Place) -> str:
    """The text's form in words where it has one; pydantic's message otherwise."""
    if details["type"] in _TEXT_ERRORS and place.form:
        limit = details.get("ctx", {}).get("max_length")
        return f"must be {place.form}" + (f", at most {limit} long" if limit else "")
    if details["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "must be keys and values"
    message = details["msg"].replace("Input should be", "must be").replace("a valid string", "a text (quote it)")
    return (
        message.replace("a valid tuple", "a list")
        .replace("Tuple should have", "must have")
        .replace("Dictionary should have", "must have")
    )


def _expected(details: ErrorDetails) -> list[str]:
    """The values a key may have, from pydantic's sentence."""
    expected = str(details.get("ctx", {}).get("expected", ""))
    return [choice.strip(" '") for choice in expected.replace(" or ", ", ").split(",")]


def _near(got: object, choices: Iterable[str], *, cutoff: float = 0.6) -> str:
    near = get_close_matches(got, list(choices), n=1, cutoff=cutoff) if isinstance(got, str) else []
    return f"did you mean {near[0]}?" if near else ""


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
