"""A streamed answer is recorded once and lets its process go, whenever its reader leaves."""

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import anyio

from brickyard_local.serving.invocation_routes import _Exchange
from brickyard_local.serving.questions import Question


class Answer:
    """Of a model."""

    status = 200

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    def close(self) -> None:
        self.closing.set()


def test_a_reader_who_leaves_while_the_answer_is_kept_is_recorded() -> None:
    recorded: list[str] = []
    left: list[bool] = []

    def done(*_facts: Any) -> None:
        time.sleep(0.05)  # the disk takes a moment: the reader leaves meanwhile
        recorded.append(threading.current_thread().name)

    served: Any = SimpleNamespace(leave=lambda: left.append(True))
    admitted: Any = SimpleNamespace(served=served)
    local: Any = SimpleNamespace(serving=SimpleNamespace(admission=SimpleNamespace(done=done)))

    async def leave() -> None:
        answer: Any = Answer()
        exchange = _Exchange(answer, Question(sent=b"{}", body=b"{}"), admitted, 0.0, local)
        async with anyio.create_task_group() as sending:  # as Starlette ends a response whose client is gone
            sending.start_soon(exchange.done)
            await answer.closing.wait()
            sending.cancel_scope.cancel()
        await exchange.done()

    asyncio.run(leave())
    assert len(recorded) == len(left) == 1
    assert recorded != [threading.main_thread().name], "the spool may wait for the disk: not on the event loop"
