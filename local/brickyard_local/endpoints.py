"""What a route's function becomes: handed what the gate found, answering in bytes.

FastAPI solves each dependency anew, then checks what a function returned and writes it as JSON on the event loop, which
all calls share; for our small answers that costs as much as the work itself. Here what only reads the request is read
directly, and a document becomes its bytes in the thread that made it.
"""

import inspect
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from fastapi import Request
from fastapi.params import Depends
from fastapi.responses import Response
from pydantic_core import PydanticSerializationError, to_json

Found = TypeVar("Found")
Endpoint = Callable[..., Any]

_REQUEST = "request_at_the_gate"
_READ = "_brickyard_read"
_DIRECT = "_brickyard_direct"


def from_request(read: Callable[[Request], Found]) -> Callable[[Request], Awaitable[Found]]:
    """A FastAPI dependency that only reads the request; `direct` calls `read` instead of having it solved."""

    async def dependency(request: Request) -> Found:
        return read(request)

    setattr(dependency, _READ, read)
    return dependency


def direct(endpoint: Endpoint, status: int | None = None) -> Endpoint:
    """The endpoint as FastAPI shall know it: without dependencies of `from_request`, with its answer in bytes.

    What is no document (a Response, None) is left to FastAPI, and so are functions of the event loop.
    """
    if inspect.iscoroutinefunction(endpoint) or hasattr(endpoint, _DIRECT):
        return endpoint
    signature, hints = inspect.signature(endpoint), get_type_hints(endpoint, include_extras=True)
    reads = {name: read for name, hint in hints.items() if (read := _read_of(hint)) is not None}
    own = next((name for name, hint in hints.items() if hint is Request), None)
    given = own or _REQUEST

    def answer(**values: Any) -> Any:
        request: Request = values[given] if own else values.pop(given)
        for name, read in reads.items():
            values[name] = read(request)
        found = endpoint(**values)
        if not isinstance(found, dict | list):
            return found
        return Response(_bytes(found), status or HTTPStatus.OK, media_type="application/json")

    kept = [
        each.replace(annotation=hints[each.name]) for each in signature.parameters.values() if each.name not in reads
    ]
    if own is None:
        kept.append(inspect.Parameter(_REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request))
    returned = hints.get("return", signature.return_annotation)
    answer.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=kept, return_annotation=None if returned is type(None) else returned
    )
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        setattr(answer, attribute, getattr(endpoint, attribute))
    setattr(answer, _DIRECT, True)
    return answer


def _bytes(document: Any) -> bytes:
    """JSON that every client reads: no NaN, and half a surrogate pair (which JSON may hold) as its escape."""
    try:
        return to_json(document, inf_nan_mode="null")
    except PydanticSerializationError:
        return json.dumps(json.loads(json.dumps(document), parse_constant=lambda _: None)).encode()


def _read_of(hint: Any) -> Callable[[Request], Any] | None:
    if get_origin(hint) is not Annotated:
        return None
    solvers = [each.dependency for each in get_args(hint)[1:] if isinstance(each, Depends)]
    return next((read for solver in solvers if (read := getattr(solver, _READ, None)) is not None), None)
