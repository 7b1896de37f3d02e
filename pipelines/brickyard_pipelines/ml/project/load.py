"""From the package of a project to its typed settings, and from a reference to what it names."""

import importlib
import importlib.resources
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml import strict
from brickyard_pipelines.ml.project.workflow import Project, Workflow
from brickyard_pipelines.ml.project.wrapped import Wrapped


def load_project(name: str) -> Project:
    """The project whose package is called `name`.

    Errors: InvalidProject when the package, its project.yaml or a key in it is wrong.
    """
    file = _project_file(name)
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InvalidProject(f"{file}: not YAML: {error}") from error
    if not isinstance(document, Mapping) or document.get("name") != name:
        raise InvalidProject(f"{file}: `name` must be {name!r}, as the package is called.")
    block = document.get("workflow")
    kind: Any = Wrapped if isinstance(block, Mapping) and "reported" in block else Workflow
    workflow = strict.build(kind, block, f"{file.name}: workflow")
    return Project(name=name, title=str(document.get("title", name)), workflow=workflow)


def refer(reference: str) -> Any:
    """What a reference such as `flight_delays.features:build` names.

    Errors: InvalidProject when the module or the name in it does not exist.
    """
    module_name, _, attribute = reference.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidProject(
            f"{reference!r} cannot be used: {error}. Write it as package.module:name, and package it with the project."
        ) from error


def _project_file(name: str) -> Traversable:
    try:
        package = importlib.resources.files(name)
    except (ImportError, TypeError) as error:
        raise InvalidProject(
            f"The project package {name!r} is not installed here. Is its wheel among the task's dependencies?"
        ) from error
    packaged = package / "project.yaml"
    if packaged.is_file():
        return packaged
    beside = Path(str(package)).parent / "project.yaml"  # a checkout: the file lies next to the package
    if beside.is_file():
        return beside
    raise InvalidProject(f"The package {name!r} carries no project.yaml.")
