"""A thread that is there while there is work."""

import threading
from collections.abc import Callable

from brickyard_local.pytest_plugin import until
from brickyard_local.woken import WokenThread


def test_what_is_asked_while_it_works_is_done_once_more_and_then_the_thread_is_gone() -> None:
    begun, goes_on, rounds = threading.Event(), threading.Event(), []

    def work() -> None:
        rounds.append(threading.current_thread())
        begun.set()
        assert goes_on.wait(10)

    woken = WokenThread("rounds of a test", work)
    woken.wake()
    assert begun.wait(10)
    for _ in range(3):
        woken.wake()
    goes_on.set()
    until(lambda: not rounds[0].is_alive())
    assert len(rounds) == 2
    woken.wake()
    until(lambda: len(rounds) == 3)
    woken.close(lambda: None)


def test_closing_interrupts_what_is_done_waits_for_it_and_takes_no_more() -> None:
    begun, interrupted, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert interrupted.wait(10)
        ended.set()

    woken = WokenThread("work of a test", work)
    woken.wake()
    assert begun.wait(10)
    interrupt: Callable[[], None] = interrupted.set
    woken.close(interrupt)
    assert ended.is_set()
    ended.clear()
    woken.wake()
    assert not ended.wait(0.1)
