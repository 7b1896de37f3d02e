"""Copies of versions: what travels, what does not, and what is not the same."""

import contextlib
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from brickyard_pipelines.errors import CannotCopyModel
from brickyard_pipelines.ml.project.existing import ExistingModel
from brickyard_pipelines.ml.registry import attempts, copies
from brickyard_pipelines.ml.steps import take_model

DEV, PROD = "dev.models.m", "prod.models.m"
FILES = {"MLmodel": "a", "model.skops": "b"}
TAGS = {
    "validation_status": "PASSED",
    "validated_as": f"{DEV}/3",
    "promoted_by": "ann",
    "approval": "Approved",
    "split_holdout_since": "2013-11-01",
    "reason": "drift",
}


class Registry:
    """Two models of one metastore; copying takes the tags along, as mlflow does."""

    def __init__(self) -> None:
        self.tags: dict[str, dict[str, dict[str, str]]] = {DEV: {"3": dict(TAGS)}, PROD: {}}
        self.champions = {DEV: "3"}
        self.sources: dict[tuple[str, str], str] = {}
        self.copied = 0
        self.dies_after_copy = False

    def get_registered_model(self, name: str) -> Any:
        if name not in self.tags:
            raise MlflowException(f"{name} does not exist, or you may not see it")
        return SimpleNamespace(aliases={"champion": self.champions[name]} if name in self.champions else {})

    def get_model_version(self, name: str, version: str) -> Any:
        return SimpleNamespace(version=version, tags=dict(self.tags[name][version]), run_id="run")

    def search_model_versions(self, text: str) -> Any:
        name = text.split("'")[1]
        return [
            SimpleNamespace(version=version, status="READY", source=self.sources.get((name, version), ""))
            for version in self.tags[name]
        ]

    def copy_model_version(self, uri: str, target: str) -> Any:
        model, version = uri.removeprefix("models:/").split("/")
        self.copied += 1
        made = str(len(self.tags[target]) + 1)
        self.tags[target][made] = dict(self.tags[model][version])
        self.sources[target, made] = uri
        if self.dies_after_copy:
            raise KeyboardInterrupt
        return SimpleNamespace(version=made)

    def set_model_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        self.tags[name][version][key] = value

    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:
        del self.tags[name][version][key]


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """What is read back of each model; tests spoil it."""
    found = {DEV: dict(FILES), PROD: dict(FILES), "far.models.m": dict(FILES)}
    monkeypatch.setattr(copies, "files_of", lambda model, _version: found[model])
    return found


def copy(registry: Registry, *, source: str = DEV, target: str = PROD) -> str:
    fake: Any = registry
    return copies.copy(fake, copies.approved_source(fake, source), target, "approval")


def test_what_training_said_travels_and_words_of_people_there_do_not(registry: Registry, files: Any) -> None:
    version = copy(registry)
    tags = registry.tags[PROD][version]
    assert (tags["split_holdout_since"], tags["reason"]) == ("2013-11-01", "drift")
    assert not {"promoted_by", "validated_as", "approval"} & tags.keys()
    assert tags["validation_status"] == "PENDING"
    assert (tags["copied_from"], tags["copied_as"], tags["copied_from_run"]) == (f"{DEV}/3", f"{PROD}/1", "run")
    assert tags["copied_files_sha256"] == copies.digest(FILES)
    assert registry.tags[DEV]["3"] == TAGS


def test_a_copy_that_is_champion_here_keeps_its_own_record_when_the_job_runs_again(
    registry: Registry, files: Any
) -> None:
    version = copy(registry)
    own = {"validation_status": "PASSED", "validated_as": f"{PROD}/1", "promoted_by": "bob", "previous_champion": "9"}
    registry.tags[PROD][version] |= own
    before = dict(registry.tags[PROD][version])
    assert copy(registry) == version
    assert registry.tags[PROD][version] == before
    assert registry.copied == 1


def test_a_copy_that_differs_stays_failed_and_the_next_try_makes_another(registry: Registry, files: Any) -> None:
    files[PROD] = {"MLmodel": "a", "model.skops": "tampered", "more.py": "c"}
    with pytest.raises(CannotCopyModel, match=r"model\.skops differs, more\.py was added\. It stays FAILED"):
        copy(registry)
    assert registry.tags[PROD]["1"]["validation_status"] == "FAILED"
    files[PROD] = dict(FILES)
    assert copy(registry) == "2"


def test_a_copy_that_was_tampered_with_later_is_found_out(registry: Registry, files: Any) -> None:
    copy(registry)
    files[PROD] = {"MLmodel": "a"}
    with pytest.raises(CannotCopyModel, match=r"model\.skops is missing"):
        copy(registry)
    assert registry.tags[PROD]["1"]["validation_status"] == "FAILED"
    files[PROD] = dict(FILES)
    assert copy(registry) == "2"


def test_a_copy_killed_before_its_tags_is_taken_and_its_source_verdict_is_not_believed(
    registry: Registry, files: Any
) -> None:
    registry.dies_after_copy = True
    with pytest.raises(KeyboardInterrupt):
        copy(registry)
    assert registry.tags[PROD]["1"]["validated_as"] != f"{PROD}/1"  # deploy asks for this
    registry.dies_after_copy = False
    assert copy(registry) == "1"
    assert registry.copied == 1
    tags = registry.tags[PROD]["1"]
    assert (tags["validation_status"], tags["copied_as"]) == ("PENDING", f"{PROD}/1")


def test_a_copy_of_a_copy_is_verified_itself(registry: Registry, files: Any) -> None:
    version = copy(registry)
    registry.tags[PROD][version] |= {"validation_status": "PASSED", "validated_as": f"{PROD}/{version}"}
    registry.champions[PROD] = version
    registry.tags["far.models.m"] = {}
    made = copy(registry, source=PROD, target="far.models.m")
    tags = registry.tags["far.models.m"][made]
    assert (tags["copied_from"], tags["copied_as"]) == (f"{PROD}/1", "far.models.m/1")
    assert tags["validation_status"] == "PENDING"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda r: r.champions.clear(), "No version of dev.models.m is champion"),
        (lambda r: r.tags[DEV]["3"].update(validation_status="FAILED"), "its validation is FAILED"),
        (lambda r: r.tags[DEV]["3"].update(validated_as="x/1"), "only what passed in its own environment"),
        (lambda r: r.tags.pop(DEV), "must be bound to this workspace"),
    ],
)
def test_what_was_not_approved_there_is_not_copied(registry: Registry, files: Any, spoil: Any, told: str) -> None:
    spoil(registry)
    with pytest.raises(CannotCopyModel, match=told):
        copy(registry)
    assert registry.copied == 0


def test_a_source_without_files_is_no_copy() -> None:
    assert copies.differences({}, {}) == "the source has no files"


class Half(Registry):
    """A registry with a copy that is not whole: its status, and the seconds since it was made."""

    def __init__(self, status: str, age_s: float | None) -> None:
        super().__init__()
        self.status, self.age_s = status, age_s
        self.tags[PROD]["1"] = {}
        self.deleted: list[str] = []

    def search_model_versions(self, text: str) -> Any:
        made_ms = 0 if self.age_s is None else int((time.time() - self.age_s) * 1000)
        half = SimpleNamespace(version="1", status=self.status, source=f"models:/{DEV}/3", creation_timestamp=made_ms)
        others = [found for found in super().search_model_versions(text) if found.version != "1"]
        return [*others, *([half] if "1" in self.tags[PROD] else [])]

    def delete_model_version(self, name: str, version: str) -> None:
        self.deleted.append(version)
        del self.tags[name][version]


def known(registry: Half) -> list[str]:
    fake: Any = registry
    return attempts.copies_of(fake, PROD, f"models:/{DEV}/3", {copies.COPIED_FROM: f"{DEV}/3"})


@pytest.mark.parametrize(("status", "age_s"), [("FAILED_REGISTRATION", 1), ("PENDING_REGISTRATION", 3700)])
def test_half_a_copy_that_nobody_is_at_work_on_is_deleted(status: str, age_s: float) -> None:
    registry = Half(status, age_s)
    assert known(registry) == []
    assert registry.deleted == ["1"]


@pytest.mark.parametrize("age_s", [60, None])
def test_a_copy_that_another_run_may_be_making_is_waited_for(
    age_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Half("PENDING_REGISTRATION", age_s)
    waits = iter([None, None])

    def wait(_s: float) -> None:
        if next(waits, "ended") == "ended":
            registry.status = "READY"

    monkeypatch.setattr(attempts, "time", SimpleNamespace(sleep=wait, time=time.time, monotonic=time.monotonic))
    assert known(registry) == ["1"]
    assert registry.deleted == []


def test_one_whose_age_nobody_tells_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Half("PENDING_REGISTRATION", None)
    clock = iter(range(0, 10_000, 100))
    faked = SimpleNamespace(sleep=lambda _s: None, time=time.time, monotonic=lambda: next(clock))
    monkeypatch.setattr(attempts, "time", faked)
    assert known(registry) == []
    assert registry.deleted == ["1"]


def test_a_whole_copy_is_taken_whatever_another_run_is_making() -> None:
    registry = Half("PENDING_REGISTRATION", 60)
    registry.tags[PROD]["2"] = {}
    registry.sources[PROD, "2"] = f"models:/{DEV}/3"
    assert known(registry) == ["2"]
    assert registry.deleted == []


class Racing(Registry):
    """Both have begun their copies before either is whole; the one that is made first takes longer."""

    def __init__(self, first_takes_s: float, *, first_fails: bool = False) -> None:
        super().__init__()
        self.status: dict[str, str] = {}
        self.deleted: list[str] = []
        self.first_takes_s, self.first_fails = first_takes_s, first_fails
        self.begun = threading.Barrier(2)
        self.lock = threading.Lock()

    def search_model_versions(self, text: str) -> Any:
        with self.lock:
            found = super().search_model_versions(text)
        now_ms = int(time.time() * 1000)
        return [
            SimpleNamespace(**(vars(each) | {"status": self.status[each.version], "creation_timestamp": now_ms}))
            for each in found
            if each.version in self.status
        ]

    def copy_model_version(self, uri: str, target: str) -> Any:
        self.begun.wait(10)  # both have looked
        with self.lock:
            made = super().copy_model_version(uri, target)
            self.status[made.version] = "PENDING_REGISTRATION"
        self.begun.wait(10)
        if made.version == "1":
            time.sleep(self.first_takes_s)
            if self.first_fails:
                self.status["1"] = "FAILED_REGISTRATION"
                raise MlflowException("the files did not arrive")
        self.status[made.version] = "READY"
        return made

    def delete_model_version(self, name: str, version: str) -> None:
        with self.lock:
            self.deleted.append(version)
            del self.tags[name][version], self.status[version]


def both(registry: Racing, work: Callable[[], str]) -> list[str]:
    """What two runs at once hand on; a run that fails hands on nothing."""
    handed_on: list[str] = []

    def run() -> None:
        with contextlib.suppress(MlflowException):
            handed_on.append(work())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return handed_on


@pytest.fixture(params=["copy_model", "take_model"])
def copying(request: pytest.FixtureRequest) -> Callable[[Registry], str]:
    def take(registry: Registry) -> str:
        fake: Any = registry
        return take_model.take(fake, ExistingModel(name=DEV, version=3), PROD)

    return copy if request.param == "copy_model" else take


@pytest.mark.parametrize("first_takes_s", [0.0, 0.3])
def test_two_copies_at_once_are_one_version(
    files: Any, monkeypatch: pytest.MonkeyPatch, copying: Callable[[Registry], str], first_takes_s: float
) -> None:
    monkeypatch.setattr(attempts, "_POLL_S", 0.02)
    registry = Racing(first_takes_s)
    assert both(registry, lambda: copying(registry)) == ["1", "1"]
    assert (registry.copied, registry.deleted, list(registry.tags[PROD])) == (2, ["2"], ["1"])
    assert copying(registry) == "1"
    assert registry.copied == 2


def test_of_two_copies_at_once_the_first_may_fail(
    files: Any, monkeypatch: pytest.MonkeyPatch, copying: Callable[[Registry], str]
) -> None:
    monkeypatch.setattr(attempts, "_POLL_S", 0.02)
    registry = Racing(0.1, first_fails=True)
    assert both(registry, lambda: copying(registry)) == ["2"]
    assert registry.deleted == ["1"]
