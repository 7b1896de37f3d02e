"""What an endpoint may serve here: models of Unity Catalog on the CPU. Pure: no I/O.

Workload sizes, concurrencies and provisioned throughput are kept; a served entity is one process, whatever its size.
Source: docs.databricks.com/api/workspace/servingendpoints/{create,createprovisionedthroughputendpoint}
"""

import re
from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated

Config = dict[str, Any]

_ENTITY_FIELDS = frozenset(
    {
        "name",
        "entity_name",
        "entity_version",
        "workload_size",
        "workload_type",
        "scale_to_zero_enabled",
        "environment_vars",
        "min_provisioned_concurrency",
        "max_provisioned_concurrency",
        "min_provisioned_throughput",
        "max_provisioned_throughput",
        "provisioned_model_units",
    }
)
_UNITS_FIELDS = frozenset({"name", "entity_name", "entity_version", "provisioned_model_units"})
_OLD_NAMES = {"model_name": "entity_name", "model_version": "entity_version"}
_CONFIG_FIELDS = frozenset({"name", "served_entities", "served_models", "traffic_config"})
_ENDPOINT_FIELDS = frozenset({"name", "config", "tags", "description", "ai_gateway", "budget_policy_id"})
_UNITS_ENDPOINT_FIELDS = _ENDPOINT_FIELDS - {"description"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_SIZES = ("Small", "Medium", "Large")
_WORKLOAD = ("workload_size", "min_provisioned_concurrency", "max_provisioned_concurrency")


def check_endpoint(body: Mapping[str, Any], *, in_units: bool = False) -> None:
    """Errors: NotEmulated for every setting of an endpoint that would have no effect here."""
    if asks_for_something(body.get("rate_limits")):
        raise InvalidParameter("rate_limits of an endpoint is not supported any more: use ai_gateway.rate_limits.")
    known = _UNITS_ENDPOINT_FIELDS if in_units else _ENDPOINT_FIELDS | {"rate_limits"}
    refuse_unknown(body, known, "of a serving endpoint")
    name = body.get("name") or ""
    allowed = name.replace("-", "").replace("_", "")
    if not allowed.isascii() or not allowed.isalnum() or len(name) > 63:
        raise InvalidParameter(
            f"'{name}' is not a valid endpoint name: up to 63 letters, digits, hyphens and underscores."
        )


def checked(config: Mapping[str, Any], *, in_units: bool = False) -> Config:
    """The config with every entity named and its traffic written out. Errors: InvalidParameter, NotEmulated.

    `in_units` for one that came as provisioned throughput in model units.
    """
    if asks_for_something(config.get("auto_capture_config")):
        raise InvalidParameter(
            "auto_capture_config (legacy inference tables) cannot be enabled any more on Databricks: use "
            "ai_gateway.inference_table_config of the endpoint."
        )
    refuse_unknown(config, _CONFIG_FIELDS | {"auto_capture_config"}, "of a serving endpoint's config")
    models = config.get("served_models") or []
    given = config.get("served_entities") or [_renamed(model) for model in models]
    if not given:
        raise InvalidParameter("The config serves nothing: name at least one of served_entities.")
    if models and config.get("served_entities"):
        raise InvalidParameter("Give served_entities or served_models, not both.")
    for entity in given if in_units else ():
        _check_units(entity)
    entities = [_entity(entity) for entity in given]
    names = [entity["name"] for entity in entities]
    if len(set(names)) != len(names):
        raise InvalidParameter(f"Served entities need names of their own; got {names}.")
    routes = _routes((config.get("traffic_config") or {}).get("routes") or [], names)
    return {"served_entities": entities, "routes": routes, "as_models": bool(models)}


def _renamed(model: Mapping[str, Any]) -> dict[str, Any]:
    return {_OLD_NAMES.get(field, field): value for field, value in model.items()}


def _entity(given: Mapping[str, Any]) -> dict[str, Any]:
    refuse_unknown(given, _ENTITY_FIELDS, "of a served entity")
    entity = {name: value for name, value in given.items() if name in _ENTITY_FIELDS and value not in (None, "")}
    full_name, version = str(entity.get("entity_name", "")), str(entity.get("entity_version", ""))
    if full_name.count(".") != 2 or not all(full_name.split(".")):
        raise NotEmulated(
            f"the served entity '{full_name}': only registered models of Unity Catalog, <catalog>.<schema>.<model>"
        )
    if not version.isdigit():
        raise InvalidParameter(f"entity_version of '{full_name}' must be a version number; got '{version}'.")
    if entity.get("workload_type", "CPU") != "CPU":
        raise NotEmulated(f"workload_type '{entity['workload_type']}': models run on the CPU here")
    if entity.get("workload_size", "Small") not in _SIZES:
        raise InvalidParameter(f"workload_size '{entity['workload_size']}' is not one of {', '.join(_SIZES)}.")
    _check_throughput(entity)
    if entity.get("name") and not _NAME.fullmatch(str(entity["name"])):
        raise InvalidParameter(
            f"The served entity's name '{entity['name']}' is not valid: letters, digits, - _ and ., "
            "a letter or digit first, at most 128."
        )
    default = f"{full_name.rsplit('.', 1)[1]}-{version}"
    return {**entity, "entity_name": full_name, "entity_version": version, "name": entity.get("name") or default}


def is_provisioned(entity: Mapping[str, Any]) -> bool:
    """Whether the entity is sized by its throughput, as only language models are."""
    return any(entity.get(name) for name in ("max_provisioned_throughput", "provisioned_model_units"))


def _check_units(entity: Mapping[str, Any]) -> None:
    refuse_unknown(entity, _UNITS_FIELDS, "of a served entity in model units")
    if not entity.get("provisioned_model_units"):
        raise InvalidParameter(f"provisioned_model_units of '{entity.get('entity_name')}' must be given, from 1.")


def _check_throughput(entity: Mapping[str, Any]) -> None:
    least, most = (entity.get(f"{which}_provisioned_throughput") for which in ("min", "max"))
    units = entity.get("provisioned_model_units")
    for value in (least, most, units):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise InvalidParameter(f"Provisioned throughput is a whole number from 0; got {value!r}.")
    if (least or 0) > (most or 0):
        raise InvalidParameter(f"min_provisioned_throughput {least} is above max_provisioned_throughput {most or 0}.")
    if units and most:
        raise InvalidParameter("Give provisioned_model_units, or throughput in tokens per second, not both.")
    if is_provisioned(entity) and any(entity.get(name) for name in _WORKLOAD):
        raise InvalidParameter(f"Provisioned throughput stands in the place of {', '.join(_WORKLOAD)}: leave them out.")


def _routes(given: list[Mapping[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    if not given:
        if len(names) > 1:
            raise InvalidParameter(f"With {len(names)} served entities, say in traffic_config who gets which share.")
        return [{"name": names[0], "percentage": 100}]
    routes = [
        {
            "name": route.get("served_entity_name") or route.get("served_model_name"),
            "percentage": route.get("traffic_percentage", 0),
        }
        for route in given
    ]
    unknown = [route["name"] for route in routes if route["name"] not in names]
    if unknown:
        raise InvalidParameter(f"traffic_config names {unknown}; the served entities are {names}.")
    shares = [route["percentage"] for route in routes]
    if any(not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= 100 for share in shares):
        raise InvalidParameter(f"A traffic_percentage is a whole number from 0 to 100; got {shares}.")
    total = sum(route["percentage"] for route in routes)
    if total != 100:
        raise InvalidParameter(f"The traffic percentages add up to {total}; they must add up to 100.")
    return routes


def refuse_unknown(found: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    """Errors: NotEmulated for a setting that is on and would have no effect."""
    for name, value in found.items():
        if name not in known and asks_for_something(value):
            raise NotEmulated(f"'{name}' {where}")


def asks_for_something(value: Any) -> bool:
    """Whether a setting is more than empty or switched off, at any depth."""
    if isinstance(value, Mapping):
        if value.get("enabled") is False:
            return False
        return any(asks_for_something(item) for item in value.values())
    return value not in (None, "", [], {}, False, 0)
