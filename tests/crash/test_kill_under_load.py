"""`kill -9` at random moments under load: what was answered is there, nothing half-made is seen or left.

Objects, jobs, uploads, model versions, people, runs; and Terraform, which applies and is hit at every fourth moment.
"""

import os
import sys
import time

import pytest

from crash_loads.account import Crashes
from crash_loads.applies import Folder, TerraformApplies
from crash_loads.content import Files, Models
from crash_loads.objects import Jobs, Securables
from crash_loads.people_and_runs import Runs, Tokens
from crash_loads.writer import make

MOMENTS = int(os.environ.get("BRICKYARD_CRASH_MOMENTS", "12"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 30 * MOMENTS)]
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


_HIT = 4
_PATIENCE_S = 60.0


def test_nothing_acknowledged_is_lost_and_nothing_half_made_is_seen(
    crashes: Crashes, applied_folder: Folder, crash_seed: int
) -> None:
    TerraformApplies.folder = applied_folder
    terraform = TerraformApplies(name="terraform", random=crashes.random)
    crashes.writers, crashes.outliving = make(KINDS, crashes.random), [terraform]
    with crashes.carried_on():
        for number in range(MOMENTS):
            if number % _HIT == 0:
                _until_applying(terraform)
            crashes.crash(number, lambda: time.sleep(crashes.random.uniform(0.05, 0.4)))
            if len(crashes.wrong) > 20:
                break
    crashes.compare(MOMENTS, everything=True)
    answered = {writer.name: writer.answers for writer in (*crashes.writers, terraform)}
    slowest = max(crashes.started_s)
    told = f"answered before them {answered}, imported {terraform.imported}, slowest start {slowest:.2f} s"
    sys.stdout.write(f"seed {crash_seed}, {MOMENTS} kills, {told}\n")
    assert not crashes.wrong, f"seed {crash_seed}:\n" + "\n".join(crashes.wrong)
    assert all(answered.values()), f"a writer never wrote: {answered}"


def _until_applying(terraform: TerraformApplies) -> None:
    """Terraform has just been answered, or is taking too long to be waited for."""
    begun, deadline = terraform.answers, time.monotonic() + _PATIENCE_S
    while terraform.answers == begun and time.monotonic() < deadline:
        time.sleep(0.005)
