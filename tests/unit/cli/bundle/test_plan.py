"""What holds data goes by no bundle of an environment that protects it, unless somebody has named it."""

from pathlib import Path

import pytest

from brickyard.bundle.manifest import PlannedStack, Position
from brickyard.bundle.plan import refuse_deletions
from brickyard.bundle.planned import Planned
from brickyard.errors import WouldDestroy
from brickyard.protection import OVERRIDE
from brickyard_stacks.settings import Environment, environment_file, load_environment

ROOT = Path(__file__).resolve().parents[4]
LOST = ["databricks_schema.gold", "databricks_volume.landing"]


def environment(*, protected: bool) -> Environment:
    loaded = load_environment(environment_file(ROOT, {"BRICKYARD_ENV": "prod"}))
    return loaded.model_copy(update={"deletion_protection": protected})


def planned(*destroys: str) -> list[Planned]:
    entry = PlannedStack(
        name="prod-platform",
        changes=True,
        actions={"delete": len(destroys)},
        state=Position(serial=1, lineage="a"),
        plan_sha256="0",
        lock_sha256="0",
        sign_ins=[],
        destroys=list(destroys),
    )
    return [Planned(entry=entry, shown=b"{}", waits=False, deletes=True)]


def test_what_is_protected_goes_by_no_bundle_and_all_of_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OVERRIDE, raising=False)

    with pytest.raises(WouldDestroy, match=r"gold\n  databricks_volume.landing(.|\n)*No bundle was written"):
        refuse_deletions(environment(protected=True), planned(*LOST))


def test_only_what_somebody_has_named_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, LOST[0])

    refuse_deletions(environment(protected=True), planned(LOST[0]))
    with pytest.raises(WouldDestroy, match="volume") as refused:
        refuse_deletions(environment(protected=True), planned(*LOST))
    assert "schema" not in str(refused.value)


def test_where_nothing_is_protected_everything_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OVERRIDE, raising=False)

    refuse_deletions(environment(protected=False), planned(*LOST))
