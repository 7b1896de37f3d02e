"""What a route's function answers becomes JSON that every client reads."""

import json
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient

from brickyard_local.endpoints import direct, from_request

Caller = Annotated[str, Depends(from_request(lambda request: request.headers["caller"]))]


def answer(found: Any, **settings: Any) -> Any:
    def endpoint(caller: Caller, request: Request, limit: int = 3) -> dict[str, Any]:
        return {"caller": caller, "path": request.url.path, "limit": limit, "found": found}

    app = FastAPI()
    app.get("/it", **settings)(direct(endpoint, settings.get("status_code")))
    return TestClient(app).get("/it?limit=5", headers={"caller": "anna"})


def test_it_gets_what_the_request_tells() -> None:
    answered = answer(None, status_code=201)
    assert answered.status_code == 201
    assert answered.json() == {"caller": "anna", "path": "/it", "limit": 5, "found": None}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("text", ["", "\ud800"])
def test_what_json_cannot_say_is_null_and_half_a_character_an_escape(number: float, text: str) -> None:
    answered = answer({"number": number, "text": text})
    assert answered.status_code == 200
    assert json.loads(answered.content, parse_constant=pytest.fail)["found"] == {"number": None, "text": text}


def test_nothing_can_be_answered_with_nothing() -> None:
    def endpoint() -> None:
        return None

    app = FastAPI()
    app.delete("/it", status_code=204)(direct(endpoint, 204))
    answered = TestClient(app).delete("/it")
    assert (answered.status_code, answered.content) == (204, b"")
