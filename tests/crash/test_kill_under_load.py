"""`kill -9` at random moments under load: what was answered is there, nothing half-made is seen or left."""

import os
import sys
import time

import pytest

from crash_loads.account import Crashes
from crash_loads.content import Files, Models
from crash_loads.objects import Jobs, Securables
from crash_loads.people_and_runs import Runs, Tokens
from crash_loads.writer import make

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MOMENTS = int(os.environ.get("BRICKYARD_CRASH_MOMENTS", "20"))
KINDS = {
    "cat_a": Securables,
    "cat_b": Securables,
    "job": Jobs,
    "file_a": Files,
    "file_b": Files,
    "model": Models,
    "token": Tokens,
    "run": Runs,
}


def test_nothing_acknowledged_is_lost_and_nothing_half_made_is_seen(crashes: Crashes, crash_seed: int) -> None:
    crashes.writers = make(KINDS, crashes.random)
    for number in range(MOMENTS):
        crashes.crash(number, lambda: time.sleep(crashes.random.uniform(0.05, 0.4)))
        if len(crashes.wrong) > 20:
            break
    crashes.compare(MOMENTS, everything=True)
    answered = {writer.name: writer.answers for writer in crashes.writers}
    slowest = max(crashes.started_s)
    said = f"seed {crash_seed}, {MOMENTS} kills, answered before them {answered}, slowest start {slowest:.2f} s"
    sys.stdout.write(f"{said}\n")
    assert not crashes.wrong, f"seed {crash_seed}:\n" + "\n".join(crashes.wrong)
    assert all(answered.values()), f"a writer never wrote: {answered}"
