"""What one thread of load is: it writes without pause, remembers what was acknowledged, and compares.

Each writer owns what it writes, so its account of it is exact: every change that was answered, and those that were
under way when the server was killed and may be there or not.
"""

import hashlib
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

Json = dict[str, Any]
ABSENT = None


@dataclass(kw_only=True)
class Writer(ABC):
    """One thread of load. `acknowledged` maps an object to its state; `pending` the changes under way to theirs."""

    name: str
    random: random.Random
    acknowledged: dict[str, Any] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    answers: int = 0
    number: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:  # noqa: B027 - most keep nothing more
        """What a kind of writer keeps besides."""

    def run(self, client: httpx.Client, stop: threading.Event) -> None:
        """Write until the server is gone."""
        self.client, self.stop = client, stop
        while not stop.is_set():
            try:
                self.step()
            except httpx.TransportError:
                return
            except (AssertionError, httpx.HTTPStatusError) as error:
                self.faults.append(f"{self.name}: {error}")
                return

    @abstractmethod
    def step(self) -> None:
        """One change through `change`."""

    @abstractmethod
    def actual(self, key: str) -> Any:
        """The state of an object as the restarted server tells it; ABSENT when it is not there."""

    def change(self, key: str, state: Any, act: Callable[[], httpx.Response]) -> Json:
        """Do it; once it is answered it must stay."""
        self.pending = {key: state}
        answer = act()
        assert answer.status_code < 300, f"{key}: {answer.status_code} {answer.text[:300]}"
        self.acknowledge()
        return answer.json() if answer.content.startswith(b"{") else {}

    def acknowledge(self) -> None:
        """What was under way has been answered."""
        self.acknowledged |= self.pending
        self.fresh |= set(self.pending)
        self.pending = {}
        self.answers += 1

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:
        """What is not as acknowledged, and what was noted before."""
        self.client = client
        return [*self.noted(), *self.differences(everything=everything)]

    def noted(self) -> list[str]:
        """The faults since the last look. The thread may be adding to them."""
        return [self.faults.pop(0) for _ in range(len(self.faults))]

    def differences(self, *, everything: bool) -> list[str]:
        """Settles the changes that were under way as what they turned out to be."""
        wrong = []
        for key, wanted in self.pending.items():
            found, before = self.actual(key), self.acknowledged.get(key, ABSENT)
            if found not in (before, wanted):
                wrong.append(f"{self.name}: {key} is half-made: {found}; it was {before}, becoming {wanted}")
            self.acknowledged[key] = found
        self.pending = {}
        for key in self.acknowledged if everything else sorted(self.fresh):
            found = self.actual(key)
            if found != self.acknowledged[key]:
                wrong.append(f"{self.name}: {key} is {found}, acknowledged was {self.acknowledged[key]}")
        self.fresh.clear()
        return wrong

    def forget(self, key: str) -> None:
        """No longer an object of its own."""
        self.acknowledged.pop(key, None)
        self.fresh.discard(key)

    def next(self) -> int:
        self.number += 1
        return self.number

    def get(self, url: str, /, **parameters: Any) -> Json | None:
        answer = self.client.get(url, params=parameters)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text[:300]}"
        body: Json = answer.json()
        return body


Kind = TypeVar("Kind", bound=Writer)


def digest(content: bytes) -> str:
    return f"{len(content)} bytes, {hashlib.sha256(content).hexdigest()[:16]}"


def make(kinds: Mapping[str, type[Kind]], chance: random.Random) -> list[Kind]:
    """A writer of each kind, with a chance of its own: a sequence that can be repeated."""
    return [kind(name=name, random=random.Random(chance.random())) for name, kind in kinds.items()]  # noqa: S311
