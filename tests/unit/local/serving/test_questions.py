"""What of a request the model gets."""

import json

import pytest

from brickyard_local.errors import MalformedRequest
from brickyard_local.serving.questions import addressed, question


def test_the_clients_id_is_ours_and_the_rest_the_models() -> None:
    sent = json.dumps({"client_request_id": "c1", "usage_context": {"a": "b"}, "inputs": [1]}).encode()
    asked = question(sent)
    assert asked.client_request_id == "c1"
    assert json.loads(asked.body) == {"inputs": [1]}
    assert asked.sent == sent


@pytest.mark.parametrize(
    "sent", [b"x,y\n1,2\n", b'{"inputs": "client_request_id"}', b'"client_request_id', b'["client_request_id"]']
)
def test_other_bodies_reach_the_model_as_they_are(sent: bytes) -> None:
    asked = question(sent)
    assert (asked.body, asked.client_request_id) == (sent, None)


def test_an_openai_request_names_its_endpoint() -> None:
    name, body = addressed(b'{"model": "chat", "messages": []}')
    assert (name, json.loads(body)) == ("chat", {"messages": []})


@pytest.mark.parametrize("sent", [b"", b"[]", b"{}", b'{"model": 1}'])
def test_an_openai_request_without_an_endpoint_is_refused(sent: bytes) -> None:
    with pytest.raises(MalformedRequest):
        addressed(sent)
