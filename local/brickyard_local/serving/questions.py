"""What a client asks: the body as the model gets it, and what in it is for Model Serving. Pure: no I/O.

Source: docs.databricks.com/api/workspace/servingendpoints/query
"""

import json
from dataclasses import dataclass
from typing import Any

from brickyard_local.errors import MalformedRequest

_OURS = ("client_request_id", "usage_context")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A body: as it was sent, and as the model gets it."""

    sent: bytes
    body: bytes
    client_request_id: str | None = None


def question(sent: bytes) -> Question:
    """Without the fields that are no input of the model."""
    if not any(f'"{name}"'.encode() in sent for name in _OURS):
        return Question(sent=sent, body=sent)
    try:
        fields = json.loads(sent)
    except ValueError:  # CSV, or what the model's own server will refuse
        return Question(sent=sent, body=sent)
    if not isinstance(fields, dict) or not any(name in fields for name in _OURS):
        return Question(sent=sent, body=sent)
    client_id = fields.get("client_request_id")
    body = json.dumps({name: value for name, value in fields.items() if name not in _OURS}).encode()
    return Question(sent=sent, body=body, client_request_id=None if client_id is None else str(client_id))


def addressed(sent: bytes) -> tuple[str, bytes]:
    """An OpenAI request: the endpoint that its `model` names, and the rest. Errors: MalformedRequest."""
    try:
        fields: Any = json.loads(sent)
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON ({error}).") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("model"), str):
        raise MalformedRequest("The body must be a JSON object whose 'model' is the name of a serving endpoint.")
    endpoint = fields.pop("model")
    return endpoint, json.dumps(fields).encode()
