"""Settings files in, typed settings out, or every problem at once."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from brickyard_stacks.errors import InvalidSettings, Problem
from brickyard_stacks.settings.document import Document, read_document
from brickyard_stacks.settings.environment import Environment
from brickyard_stacks.settings.explain import explain
from brickyard_stacks.settings.project import Project
from brickyard_stacks.settings.strict import Strict

Model = TypeVar("Model", bound=Strict)


def load_environment(path: Path) -> Environment:
    """Read `environments/<name>.yaml`.

    Errors: InvalidSettings, naming every problem with its file, line, key, rule and fix.
    """
    return environment_of(read_document(path))


def environment_of(document: Document) -> Environment:
    """The environment that a document describes. Errors: InvalidSettings, as load_environment."""
    environment = parse(document, Environment)
    same_name(document, environment.name, document.file.stem, f"the file is called {document.file.name}")
    return environment


def load_project(path: Path) -> Project:
    """Read `projects/<name>/project.yaml`.

    Errors: InvalidSettings, as load_environment.
    """
    return project_of(read_document(path))


def project_of(document: Document) -> Project:
    """The project that a document describes. Errors: InvalidSettings, as load_environment."""
    project = parse(document, Project)
    folder = document.file.absolute().parent.name
    same_name(document, project.name, folder, f"the folder is called {folder}")
    return project


def parse(document: Document, model: type[Model]) -> Model:
    """A document as a model. Errors: InvalidSettings."""
    if not isinstance(document.data, dict):
        got = "nothing" if document.data is None else type(document.data).__name__
        keys = ", ".join(model.model_fields)
        rule = f"the file holds keys and values: {keys}"
        raise InvalidSettings([Problem(file=document.file, line=1, key="", got=got, rule=rule)])
    if odd := [key for key in document.data if not isinstance(key, str)]:
        raise InvalidSettings([_odd_key(document, key) for key in odd])
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise InvalidSettings(explain(error, model, document)) from error


def _odd_key(document: Document, key: object) -> Problem:
    rule = "a key is a text (yes, no, on, off and numbers need quotes)"
    return Problem(file=document.file, line=1, key=str(key), got=type(key).__name__, rule=rule)


def same_name(document: Document, got: str, expected: str, because: str) -> None:
    """Settings are called as what holds them is. Errors: InvalidSettings."""
    if got != expected:
        line = document.line(("name",))
        rule = f"must be {expected}: {because}"
        raise InvalidSettings([Problem(file=document.file, line=line, key="name", got=repr(got), rule=rule)])
