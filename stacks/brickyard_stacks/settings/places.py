"""What may stand at a place of a settings file: the models' own shape, read without a file.

Pydantic says where a value is wrong by a location that also holds the tag of a chosen union member, which no file has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from brickyard_stacks.settings.document import Location
from brickyard_stacks.settings.strict import Form


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A type, without what Python wraps around it; what it is for, and the form that its text has."""

    annotation: Any
    meaning: str = ""
    form: str = ""
    discriminator: str = ""

    @property
    def model(self) -> type[BaseModel] | None:
        """The model that stands here, if one does."""
        is_model = isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel)
        return self.annotation if is_model else None

    @property
    def members(self) -> Mapping[str, "Place"]:
        """The models of a union, by the value of the key that chooses between them."""
        if not self.discriminator:
            return {}
        found = [place_of(argument) for argument in get_args(self.annotation)]
        return {tag: place for place in found for tag in _tags(place, self.discriminator)}

    @property
    def fields(self) -> Mapping[str, "Place"]:
        """The keys of a model, or those of every model of a union."""
        if self.model is not None:
            return _fields(self.model)
        return {name: place for member in self.members.values() for name, place in member.fields.items()}

    @property
    def key(self) -> "Place | None":
        """What a name must be, where things stand by name."""
        return place_of(get_args(self.annotation)[0]) if get_origin(self.annotation) is dict else None

    @property
    def item(self) -> "Place | None":
        """What each thing of a list, or each named thing, is."""
        if get_origin(self.annotation) is dict:
            return place_of(get_args(self.annotation)[1])
        return place_of(get_args(self.annotation)[0]) if get_origin(self.annotation) is tuple else None


@cache
def _fields(model: type[BaseModel]) -> Mapping[str, Place]:
    return {name: place_of_field(field) for name, field in model.model_fields.items()}


def place_of_field(field: FieldInfo) -> Place:
    """The place of a model's field."""
    tag = field.discriminator if isinstance(field.discriminator, str) else ""
    outer = Place(annotation=field.annotation, meaning=field.description or "", discriminator=tag)
    return _unwrapped(_with_metadata(outer, field.metadata))


def place_of(annotation: Any) -> Place:
    """The place of a type that stands in another."""
    return _unwrapped(Place(annotation=annotation))


def _unwrapped(place: Place) -> Place:
    """Without `Annotated` and `| None`; outer words win over inner ones."""
    origin, arguments = get_origin(place.annotation), get_args(place.annotation)
    if origin is Annotated:
        inner, *metadata = arguments
        return _unwrapped(_with_metadata(replace(place, annotation=inner), metadata))
    if origin in (Union, UnionType):
        given = [argument for argument in arguments if argument is not type(None)]
        if len(given) == 1:
            return _unwrapped(replace(place, annotation=given[0]))
    return place


def _with_metadata(place: Place, metadata: Iterable[Any]) -> Place:
    for said in metadata:
        if isinstance(said, Form) and not place.form:
            place = replace(place, form=said.text)
        if isinstance(said, FieldInfo):
            tag = said.discriminator if isinstance(said.discriminator, str) else ""
            meaning = place.meaning or said.description or ""
            place = replace(place, meaning=meaning, discriminator=place.discriminator or tag)
            place = _with_metadata(place, said.metadata)
    return place


def _tags(place: Place, discriminator: str) -> Iterator[str]:
    if place.model is not None:
        annotation = place.model.model_fields[discriminator].annotation
        yield from (str(value) for value in get_args(annotation)) if get_origin(annotation) is Literal else ()


def locate(model: type[BaseModel], location: Location) -> tuple[Location, Place]:
    """A location as a file has it, without tags, and what may stand there; of a wrong key, what keys may be."""
    path = [Place(annotation=model)]
    kept: list[str | int] = []
    for part in location:
        if part == "[key]" and len(path) > 1 and path[-2].key is not None:
            return tuple(kept), path[-2].key
        if str(part) in path[-1].members:
            path[-1] = path[-1].members[str(part)]
            continue
        kept.append(part)
        child = path[-1].fields.get(str(part)) or path[-1].item
        if child is None:
            break
        path.append(child)
    return tuple(kept), path[-1]
