"""What a person sees while work goes on: one line per step, with its time and what it is doing now."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

_QUIET_S = 10.0


class Step:
    """The step under way; `say` tells what it does now."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._begin = time.monotonic()
        self._told = self._begin
        self._now = ""
        self._ended = ""

    def say(self, text: str) -> None:
        """Show what happens now: on a terminal at once, in a log every ten seconds at most."""
        self._now = text
        if not self._console.is_terminal and time.monotonic() - self._told > _QUIET_S:
            self._told = time.monotonic()
            self._console.print(
                f"    {self._elapsed_s():3.0f} s  {text}", highlight=False, markup=False, soft_wrap=True
            )

    def done(self, text: str) -> None:
        """What the step's line says once it has ended."""
        self._ended = text

    def __rich__(self) -> Text:
        line = Text("  · ", style="cyan")
        line.append(self._title)
        line.append(f"  {self._elapsed_s():.0f} s  ", style="dim")
        line.append(self._now[: max(10, self._console.width - len(line) - 1)], style="dim")
        return line

    def closing(self, mark: str, style: str) -> Text:
        """The line that stays."""
        line = Text(f"  {mark} ", style=style)
        line.append(f"{self._title}")
        line.append(f"  {self._elapsed_s():.1f} s", style="dim")
        if self._ended:
            line.append(f"  {self._ended}", style="default")
        return line

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._begin


class Screen:
    """The console of one command."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._lock = threading.Lock()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step: its line moves while it is under way and stays when it has ended."""
        step = Step(self.console, title)
        if not self.console.is_terminal:
            self.console.print(f"  · {title} …")
        live = Live(step, console=self.console, refresh_per_second=8, transient=True)
        try:
            if self.console.is_terminal:
                live.start()
            yield step
        except BaseException:
            live.stop()
            self.console.print(step.closing("✗", "red"), soft_wrap=True)
            raise
        live.stop()
        self.console.print(step.closing("✓", "green"), soft_wrap=True)

    def line(self, text: str = "") -> None:
        """A line of text with rich markup."""
        self.console.print(text, soft_wrap=True)
