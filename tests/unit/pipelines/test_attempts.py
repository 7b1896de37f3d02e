"""Which version the runs of one recipe agree on, by a fake of the registry; by processes: test_killed_training."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from brickyard_pipelines.ml.registry import attempts, runs
from brickyard_pipelines.ml.settings import StepSettings

SETTINGS = StepSettings(project="p", catalog="dev", model="dev.models.m", experiment="e")
WHOLE, HALF, FAILED = "READY", "PENDING_REGISTRATION", "FAILED_REGISTRATION"


class Registry:
    """Versions by run: number, status, seconds since they were made. A run: its status, the version that it names."""

    def __init__(self, **of_run: tuple[str, str | None, list[tuple[int, str, float]]]) -> None:
        self.of_run = of_run
        self.waits: list[Callable[[], None]] = []  # what others do while one waits

    def search_runs(self, *_: Any, **__: Any) -> Any:
        return [
            SimpleNamespace(
                info=SimpleNamespace(run_id=run, status=status),
                data=SimpleNamespace(
                    tags={"brickyard.job_run_id": f"job-{run}"} | ({attempts.VERSION: named} if named else {})
                ),
            )
            for run, (status, named, _) in self.of_run.items()
        ]

    def get_experiment_by_name(self, _name: str) -> Any:
        return SimpleNamespace(experiment_id="1")

    def search_model_versions(self, text: str) -> Any:
        return [
            SimpleNamespace(
                name=SETTINGS.model,
                version=str(number),
                status=status,
                creation_timestamp=int((time.time() - age_s) * 1000),
            )
            for number, status, age_s in self.of_run[text.split("'")[1]][2]
        ]

    def wait(self, _s: float) -> None:
        self.waits.pop(0)()


@pytest.fixture
def agreed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Registry], attempts.Registered | None]:
    def ask(registry: Any) -> attempts.Registered | None:
        monkeypatch.setattr(runs, "MlflowClient", lambda: registry)
        fake = SimpleNamespace(sleep=registry.wait, time=time.time, monotonic=time.monotonic)
        monkeypatch.setattr(attempts, "time", fake)
        return attempts.agreed(registry, SETTINGS, "recipe")

    return ask


def test_of_two_whole_versions_the_first_counts_whichever_run_asks(agreed: Any) -> None:
    registry = Registry(b=("RUNNING", None, [(10, WHOLE, 0)]), a=("RUNNING", None, [(9, WHOLE, 1)]))
    assert agreed(registry) == attempts.Registered(version="9", run_id="a", job_run="job-a", told=False)


def test_a_version_that_was_handed_on_counts_before_one_that_was_made_earlier(agreed: Any) -> None:
    others: tuple[Any, ...] = ("RUNNING", None, [(1, WHOLE, 900), (2, HALF, 1)])
    registry = Registry(a=others, b=("FINISHED", "3", [(3, WHOLE, 1)]))
    assert agreed(registry) == attempts.Registered(version="3", run_id="b", job_run="job-b", told=True)


def test_an_earlier_version_without_files_is_waited_for(agreed: Any) -> None:
    registry = Registry(a=("RUNNING", None, [(1, HALF, 1)]), b=("RUNNING", None, [(2, WHOLE, 1)]))
    comes: tuple[Any, ...] = ("RUNNING", None, [(1, WHOLE, 20)])
    registry.waits = [lambda: None, lambda: registry.of_run.update(a=comes)]
    assert agreed(registry).version == "1"
    assert registry.waits == []


@pytest.mark.parametrize(
    ("status", "half"),
    [("RUNNING", (1, HALF, 601)), ("RUNNING", (1, FAILED, 1)), ("FAILED", (1, HALF, 1)), ("RUNNING", (3, HALF, 1))],
    ids=["for ten minutes", "registered in vain", "its run has ended", "made later"],
)
def test_what_will_not_come_first_is_not_waited_for(agreed: Any, status: str, half: tuple[int, str, float]) -> None:
    registry = Registry(a=(status, None, [half]), b=("RUNNING", None, [(2, WHOLE, 1)]))
    assert agreed(registry).version == "2"


def test_where_nothing_is_whole_nothing_is_agreed(agreed: Any) -> None:
    assert agreed(Registry(a=("RUNNING", None, [(1, HALF, 1)]))) is None
    assert agreed(Registry()) is None
