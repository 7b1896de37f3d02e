"""Which clients were seen to call which routes, in the server logs that a test run left."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# As `gate.Gate` writes it.
_CALL = re.compile(r" (?P<verb>[A-Z]+) '(?P<path>/[^']*)' -> (?P<status>\d{3}) \d+ ms for (?P<client>\S+)$")
_OURS = {"python-httpx": "tests", "curl": "tests", "-": "a client without a name"}

Route = tuple[str, str]


@dataclass(slots=True)
class Seen:
    """What was seen of one route: the clients that it served, and the statuses with which it refused."""

    served: set[str] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)


def read(logs: Iterable[Path], routes: Iterable[Route]) -> dict[Route, Seen]:
    """(verb, route) -> what was seen; paths that no route has are left out."""
    templates = Templates(routes)
    found: dict[Route, Seen] = {}
    for verb, path, status, client in _calls(logs):
        route = templates.of(verb, path)
        if route is not None:
            seen = found.setdefault(route, Seen())
            if status < 400:
                seen.served.add(_OURS.get(client.partition("/")[0], client))
            elif status != 401:
                seen.refused.add(status)
    return found


def _calls(logs: Iterable[Path]) -> Iterator[tuple[str, str, int, str]]:
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            call = _CALL.search(line)
            if call is not None:
                yield call["verb"], call["path"], int(call["status"]), call["client"]


class Templates:
    """Finds the route of a path: the one with the most literal text wins, a parameter takes no slash if it can."""

    def __init__(self, routes: Iterable[Route]) -> None:
        ordered = sorted(routes, key=lambda route: -len(re.sub(r"\{[^}]*\}", "", route[1])))
        self._strict = [(route, _pattern(route[1], "[^/]+")) for route in ordered]
        self._loose = [(route, _pattern(route[1], ".+")) for route in ordered]
        self._known: dict[Route, Route | None] = {}

    def of(self, verb: str, path: str) -> Route | None:
        """The route that answered a path, or None."""
        if (verb, path) not in self._known:
            self._known[verb, path] = self.exactly(verb, path) or _first(self._loose, verb, path)
        return self._known[verb, path]

    def exactly(self, verb: str, path: str) -> Route | None:
        """The route of a path whose parameters are one segment each, or None."""
        return _first(self._strict, verb, path)


def _first(candidates: list[tuple[Route, re.Pattern[str]]], verb: str, path: str) -> Route | None:
    return next((route for route, pattern in candidates if route[0] == verb and pattern.fullmatch(path)), None)


def _pattern(template: str, parameter: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile(parameter.join(re.escape(part) for part in parts))
