"""Finds the route of a request by the literal start of its path.

FastAPI asks one route after the other, which costs more than most of our answers once there are hundreds of them, and
builds every included route again for every workspace. This table is built once and asked for a handful of candidates;
among them the order of declaration decides, as in FastAPI.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from brickyard_local.endpoints import direct

_MOST_LITERAL = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """A route, the prefix under which its router is included, and its place in the order of declaration."""

    place: int
    prefix: str
    route: APIRoute


class LazyRoute(APIRoute):
    """A route that is read for its parameters when it is first asked for, not when its module is imported.

    Of a `LazyRouter`. With hundreds of routes that reading is a third of a start; for the same reason their bodies are
    models with `defer_build`, but for one that is a dependency: its fields are asked for before it is built.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self._settings = settings
        self._lock = threading.RLock()
        self._is_read = False

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet."""
        with self._lock:
            if not self._is_read:
                self._is_read = True
                endpoint = direct(self.endpoint, self._settings.get("status_code"))
                super().__init__(self.path, endpoint, **self._settings)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None


class LazyRouter(APIRouter):
    """A router whose routes are lazy: what every module of routes here begins with."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(route_class=LazyRoute, **settings)


class RouteTable(BaseRoute):
    """All routes of these routers, as one route of an application; workspaces share it."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        self._by_start: dict[tuple[str, ...], list[_Entry]] = {}
        found = (each for router in routers for each in _flat(router.routes, ""))
        for place, (prefix, route) in enumerate(found):
            entry = _Entry(place=place, prefix=prefix, route=route)
            self._by_start.setdefault(_literal_start(prefix + route.path), []).append(entry)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL with the route and its parameters; PARTIAL where the path has other methods only."""
        if scope["type"] != "http":
            return Match.NONE, {}
        partly: Scope | None = None
        for entry in self._candidates(scope["path"]):
            route = entry.route
            match = route.path_regex.match(scope["path"][len(entry.prefix) :])
            if match is None:
                continue
            values = {name: route.param_convertors[name].convert(text) for name, text in match.groupdict().items()}
            child = {"path_params": values, "endpoint": route.endpoint, "route": route}
            if scope["method"] in (route.methods or ()):
                return Match.FULL, child
            partly = partly or child
        return (Match.NONE, {}) if partly is None else (Match.PARTIAL, partly)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: APIRoute = scope["route"]
        methods = route.methods or set()
        if scope["method"] not in methods:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        await route.app(scope, receive, send)

    def _candidates(self, path: str) -> list[_Entry]:
        segments = tuple(path.split("/", _MOST_LITERAL + 1)[1 : _MOST_LITERAL + 1])
        starts = (segments[:length] for length in range(len(segments) + 1))
        found = [entries for start in starts if (entries := self._by_start.get(start))]
        if len(found) == 1:
            return found[0]
        return sorted((entry for entries in found for entry in entries), key=lambda entry: entry.place)


def _flat(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, APIRoute]]:
    """The routes of included routers too, each with the prefix that its router was included with."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield prefix, route
            continue
        included: Any = getattr(route, "include_context", None)
        if included is not None:
            yield from _flat(route.original_router.routes, prefix + included.prefix)  # type: ignore[attr-defined]
        else:
            raise TypeError(f"The table knows routes of FastAPI only, not {route!r}.")


def _literal_start(path: str) -> tuple[str, ...]:
    """The first segments that hold no parameter; what follows a parameter inside a segment does not count either.

    >>> _literal_start("/api/2.0/fs/files/{path:path}"), _literal_start("/a/x-{id}/b")
    (('api', '2.0', 'fs', 'files'), ('a',))
    """
    literal = path.partition("{")[0]
    whole = literal.split("/")[1:] if literal == path else literal.split("/")[1:-1]
    return tuple(whole[:_MOST_LITERAL])
