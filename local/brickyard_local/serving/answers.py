"""How endpoints look in answers. Pure: no I/O.

Source: docs.databricks.com/api/workspace/servingendpoints/get
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.serving.config import Config, is_provisioned
from brickyard_local.serving.served import READY, SCALED_TO_ZERO, ServedEntity
from brickyard_local.store import Document

_SPEC = ("name", "entity_name", "entity_version")
_WHEN_SET = ("tags", "description", "ai_gateway", "budget_policy_id")
_NOT_PROVISIONED = (
    "The local workspace keeps provisioned throughput as it was configured and provisions none: one process on the CPU "
    "answers, as fast as it can."
)
_OURS = frozenset({"id", "task"})


def endpoint(document: Document, active: Mapping[str, ServedEntity], pending: Mapping[str, ServedEntity]) -> Document:
    """The whole endpoint."""
    answer = {
        "name": document["name"],
        "id": document["id"],
        "creator": document["creator"],
        "creation_timestamp": document["creation_timestamp"],
        "last_updated_timestamp": document["last_updated_timestamp"],
        "state": _state(document, active),
        "config": _config(document, document["config"], active) if document["config"] else {"config_version": 0},
    }
    if document["pending"]:
        answer["pending_config"] = {
            **_config(document, document["pending"], pending),
            "start_time": document["last_updated_timestamp"],
        }
    return answer | _task(document) | {name: document[name] for name in _WHEN_SET if document.get(name)}


def listed(document: Document, active: Mapping[str, ServedEntity]) -> Document:
    """The endpoint in a list."""
    whole = endpoint(document, active, {})
    config = document["config"] or document["pending"] or {"served_entities": []}
    entities = [{name: entity[name] for name in _SPEC} for entity in config["served_entities"]]
    return {name: value for name, value in whole.items() if name != "pending_config"} | {
        "config": {"served_entities": entities}
    }


def _task(document: Document) -> Document:
    """What its models are for, where they say so, e.g. llm/v1/chat."""
    config = document["config"] or document["pending"] or {"served_entities": []}
    named = [entity["task"] for entity in config["served_entities"] if entity.get("task")]
    return {"task": named[0]} if named else {}


def _state(document: Document, active: Mapping[str, ServedEntity]) -> Document:
    ready = bool(active) and all(entity.is_ready for entity in active.values())
    return {"ready": "READY" if ready else "NOT_READY", "config_update": document["config_update"]}


def _config(document: Document, config: Config, served: Mapping[str, ServedEntity]) -> Document:
    entities = [_entity(document, config, entity, served.get(entity["name"])) for entity in config["served_entities"]]
    routes = [
        {
            "served_model_name": route["name"],
            "served_entity_name": route["name"],
            "traffic_percentage": route["percentage"],
        }
        for route in config["routes"]
    ]
    answer = {
        "config_version": config["config_version"],
        "served_entities": entities,
        "traffic_config": {"routes": routes},
    }
    if config["as_models"]:
        answer["served_models"] = [_as_model(entity) for entity in entities]
    return answer


def _entity(document: Document, config: Config, entity: Document, served: ServedEntity | None) -> Document:
    return {
        **{name: value for name, value in entity.items() if name not in _OURS},
        "creator": document["creator"],
        "creation_timestamp": config["created_at"],
        "state": _deployment(document, entity, served),
    }


def _deployment(document: Document, entity: Document, served: ServedEntity | None) -> dict[str, Any]:
    if served is None:
        return {"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": document.get("failure") or ""}
    if served.asleep:
        return {"deployment": READY, "deployment_state_message": SCALED_TO_ZERO}
    ready = _NOT_PROVISIONED if is_provisioned(entity) else ""
    message = served.message or (ready if served.state == READY else "The model is loaded.")
    return {"deployment": served.state, "deployment_state_message": message}


def _as_model(entity: Document) -> Document:
    names = {"entity_name": "model_name", "entity_version": "model_version"}
    return {names.get(name, name): value for name, value in entity.items()}
