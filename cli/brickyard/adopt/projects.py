"""A project's settings for models that are there: its models, the endpoints that serve them, its job's schedule."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from brickyard.adopt.inventory import Found, Inventory
from brickyard.errors import CannotAdopt
from brickyard_stacks.settings.project import Project

_SCHEMA = "models"
_SIZES = ("Small", "Medium", "Large")


def project_documents(given: Mapping[str, Sequence[str]], inventory: Inventory) -> dict[str, dict[str, Any]]:
    """The settings of each project that was asked for, by name. Errors: CannotAdopt."""
    return {name: _project(name, models, inventory) for name, models in given.items()}


def _project(name: str, models: Sequence[str], inventory: Inventory) -> dict[str, Any]:
    prefix = f"{inventory.catalog}.{_SCHEMA}."
    there = sorted(found.name.removeprefix(prefix) for found in inventory.of("registered model"))
    if absent := [model for model in models if not inventory.named("registered model", prefix + model)]:
        raise CannotAdopt(
            f"Project {name}: {', '.join(absent)} is no registered model in {prefix.removesuffix('.')}, where this "
            f"kit keeps models. There: {', '.join(there) or 'none'}. A model elsewhere is copied there first "
            "(mlflow's copy_model_version)."
        )
    titles = {model: inventory.named("registered model", prefix + model)[0].facts.get("comment") for model in models}
    document = {
        "name": name,
        "title": next((title for title in titles.values() if title), None) or f"Adopted: {', '.join(models)}",
        "deployment": {
            "models": {model: {"title": title} if title else {} for model, title in titles.items()},
            "endpoints": dict(_endpoints(models, prefix, inventory)),
        },
    }
    Project.model_validate(document)
    return document


def _endpoints(models: Sequence[str], prefix: str, inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    for endpoint in inventory.of("endpoint"):
        for entity in _entities(endpoint):
            model = str(entity.get("entity_name", "")).removeprefix(prefix)
            if model in models:
                size = entity.get("workload_size")
                sized = {"workload_size": size} if size in _SIZES else {}
                scale = {"scale_to_zero": bool(entity.get("scale_to_zero_enabled", True))}
                yield endpoint.name, {"model": model, **sized, **scale}
                break


def _entities(endpoint: Found) -> list[Mapping[str, Any]]:
    config = endpoint.facts.get("config") or {}
    return list(config.get("served_entities") or config.get("served_models") or ())


def project_yaml(document: Mapping[str, Any]) -> str:
    """The file's text."""
    header = "# Written by `brickyard adopt`. Its code comes beside it; see projects/flight_delays for a whole one.\n"
    return header + yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=110)
