"""Writers whose clients outlive the server: they go on with the restarted one, as Terraform and mlflow do."""

import threading
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from crash_loads.writer import Writer

_PAUSE_S = 0.2


@dataclass(kw_only=True, slots=True)
class Life:
    """Of the server, as the test makes it: `turns` counts kills and restarts, so that an even number is a life.

    While it is `held`, those who outlive it begin nothing new.
    """

    turns: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def turn(self) -> None:
        """Before a kill, and after a restart."""
        self.turns += 1

    def whole(self, since: int) -> bool:
        """Whether nobody has killed it since then, so that nothing excuses a failure."""
        return self.turns == since and since % 2 == 0


class Outliving(Writer):
    """`rounds` counts the steps that ended well."""

    rounds = 0

    def carry_on(self, new_client: Callable[[], httpx.Client], life: Life) -> None:
        """Write until the test ends. What it says of the workspace counts always, a failure while nobody kills."""
        self.life = life
        while not life.ended.is_set():
            self.since = life.turns
            try:
                with new_client() as self.client:
                    self.step()
                self.rounds += 1
            except AssertionError as error:
                self.faults.append(f"{self.name}: {error}")
            except Exception as error:  # noqa: BLE001 - whatever a client makes of a server that went away
                if self.is_wrong(error):
                    self.faults.append(f"{self.name}: {sorted(self.pending)}: {error!r}")
                life.ended.wait(_PAUSE_S)
            while life.held.is_set() and not life.ended.is_set():
                life.ended.wait(_PAUSE_S)

    def is_wrong(self, error: Exception) -> bool:  # noqa: ARG002 - of this kind or that, for those who know
        """Whether the end of the server does not excuse it."""
        return self.life.whole(self.since)

    @abstractmethod
    def step(self) -> None:
        """One round, which begins with comparing what the last one left."""
