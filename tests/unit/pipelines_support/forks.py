"""Work in processes of its own that share what was imported, and that can be killed for real.

What is open does not survive a fork: `Forks` is made before the first connection, to Spark or by HTTP.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

Works = Mapping[str, Callable[..., Any]]


class Forks:
    """A process that waits, and forks another one for each piece of work that it is asked for."""

    def __init__(self, works: Works) -> None:
        asked, answered = os.pipe(), os.pipe()
        if os.fork() == 0:
            os.close(asked[1])
            _serve(works, os.fdopen(asked[0]), os.fdopen(answered[1], "w"))
        os.close(asked[0])
        os.close(answered[1])
        self._asked, self._answered = os.fdopen(asked[1], "w"), os.fdopen(answered[0])

    def run(self, name: str, *given: Any) -> Any:
        """What the work returned, as JSON."""
        status, answer = self._ask(name, given)
        if status != 0:
            raise RuntimeError(f"{name}{given} ended with {status}")
        return answer

    def killed(self, name: str, *given: Any) -> None:
        """The work ends by the signal that it gives itself, and by nothing else."""
        status, _ = self._ask(name, given)
        if status != -signal.SIGKILL:
            raise RuntimeError(f"{name}{given} was to be killed, and ended with {status}")

    def _ask(self, name: str, given: tuple[Any, ...]) -> tuple[int, Any]:
        print(json.dumps([name, given]), file=self._asked, flush=True)
        status, answer = json.loads(self._answered.readline())
        return status, answer


def die(*_given: Any, **_named: Any) -> None:
    """`kill -9` of this very process."""
    os.kill(os.getpid(), signal.SIGKILL)


def _serve(works: Works, asked: TextIO, answered: TextIO) -> None:
    """Until nobody can ask any more."""
    for line in asked:
        name, given = json.loads(line)
        result = os.pipe()
        child = os.fork()
        if child == 0:
            _work(works[name], given, result[1])
        os.close(result[1])
        with os.fdopen(result[0]) as said:
            answer = json.loads(said.read() or "null")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([status, answer]), file=answered, flush=True)
    os._exit(0)


def _work(work: Callable[..., Any], given: list[Any], result: int) -> None:
    try:
        with os.fdopen(result, "w") as told:
            told.write(json.dumps(work(*given)))
    except BaseException:  # noqa: BLE001 - nothing of this process may go on as its parent does
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
