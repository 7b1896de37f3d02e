"""Going back: to which version, in which order, and from wherever it was killed."""

import copy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.errors import NotFound, OperationFailed
from databricks.sdk.service.serving import EndpointCoreConfigOutput, ServedEntityOutput, ServingEndpointDetailed

from brickyard_pipelines.errors import EndpointNotUpdated, RollbackRefused
from brickyard_pipelines.ml.registry import rollback
from brickyard_pipelines.ml.registry.rollback import Word

MODEL = "dev.models.m"
WORD = Word(who="ann", when="2026-01-01T00:00:00+00:00", why="wrong on Mondays")


class Killed(BaseException):
    """Stands for `kill -9`."""


@dataclass
class World:
    """Champion 5 came after 4, 4 after 3; 6 has passed, 7 has not; the endpoint serves 5."""

    named: dict[str, str] = field(default_factory=lambda: {"champion": "5", "challenger": "6"})
    of_model: dict[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(
        default_factory=lambda: {
            "3": {"promoted_at": "x", "previous_champion": "none"},
            "4": {"promoted_at": "x", "previous_champion": "3"},
            "5": {"promoted_at": "x", "previous_champion": "4"},
            "6": {"validation_status": "PASSED", "validated_as": f"{MODEL}/6"},
            "7": {"validation_status": "FAILED"},
            "8": {"validation_status": "PASSED", "validated_as": "staging.models.m/1"},
        }
    )
    served: dict[str, str] = field(default_factory=lambda: {"dev-m": "5"})
    refuses: str = ""
    effects: list[str] = field(default_factory=list)
    lasts: int | None = None

    def spend(self, effect: str) -> None:
        if self.lasts is not None and len(self.effects) >= self.lasts:
            raise Killed(effect)
        self.effects.append(effect)

    def aliases(self, _model: str) -> dict[str, str]:
        return dict(self.named)

    def model_tags(self, _model: str) -> dict[str, str]:
        return dict(self.of_model)

    def version_tags(self, _model: str, version: str) -> dict[str, str] | None:
        return copy.copy(self.tags.get(version))

    def tag_model(self, _model: str, key: str, value: str | None) -> None:
        self.spend(f"model {key}")
        self.of_model = {**self.of_model, key: value} if value else {k: v for k, v in self.of_model.items() if k != key}

    def tag_version(self, _model: str, version: str, key: str, value: str | None) -> None:
        self.spend(f"{version} {key}")
        if value is None:
            del self.tags[version][key]
        else:
            self.tags[version][key] = value

    def alias(self, _model: str, alias: str, version: str | None) -> None:
        self.spend(f"alias {alias}")
        if version is None:
            del self.named[alias]
        else:
            self.named[alias] = version

    def get(self, name: str) -> ServingEndpointDetailed:
        if name not in self.served:
            raise NotFound(name)
        entity = ServedEntityOutput(name="champion", entity_name=MODEL, entity_version=self.served[name])
        return ServingEndpointDetailed(name=name, config=EndpointCoreConfigOutput(served_entities=[entity]))

    def update_config(self, name: str, *, served_entities: Any) -> Any:
        self.spend(f"serve {served_entities[0].entity_version}")
        if self.refuses == served_entities[0].entity_version:
            return SimpleNamespace(result=self.fail)
        self.served[name] = served_entities[0].entity_version
        return SimpleNamespace(result=lambda timeout: timeout)

    def fail(self, timeout: object) -> None:
        raise OperationFailed(f"UPDATE_FAILED within {timeout}")


def go_back(world: World, to: str | None = None, *, unvalidated: bool = False) -> list[str]:
    said: list[str] = []
    asked = rollback.plan(world, MODEL, to=to, unvalidated=unvalidated)
    rollback.carry_out(world, world, asked, ["dev-m", "gone"], WORD, said.append)  # type: ignore[arg-type]
    return said


def test_alias_and_endpoint_go_to_the_champion_before_and_both_versions_say_why() -> None:
    world = World()
    said = go_back(world)
    assert (world.named["champion"], world.served) == ("4", {"dev-m": "4"})
    assert world.tags["5"]["rolled_back_by"] == "ann"
    assert world.tags["5"]["rollback_reason"] == world.tags["4"]["restore_reason"] == "wrong on Mondays"
    assert world.tags["4"]["restored_from"] == "5"
    assert world.of_model == {}
    assert (
        world.effects.index("5 rollback_reason")
        < world.effects.index("alias champion")
        < world.effects.index("serve 4")
    )
    assert "gone does not exist" in said[-1]


def test_going_back_twice_goes_back_two_champions_and_then_there_is_nothing_left() -> None:
    world = World()
    go_back(world)
    go_back(world)
    assert world.named["champion"] == "3"
    with pytest.raises(RollbackRefused, match=r"Nothing is on record before champion version 3 .* by --to"):
        go_back(world)


def test_a_rollback_can_be_taken_back_and_the_version_may_be_deployed_again() -> None:
    world = World()
    go_back(world)
    go_back(world, to="5")
    assert world.named["champion"] == "5"
    assert "rolled_back_by" not in world.tags["5"]
    assert world.tags["4"]["rolled_back_to"] == "5"


@pytest.mark.parametrize("moment", range(12))
def test_a_rollback_killed_before_any_effect_is_ended_by_the_same_command(moment: int) -> None:
    whole, world = World(), World(lasts=moment)
    go_back(whole)
    assert len(whole.effects) == 12
    with pytest.raises(Killed):
        go_back(world)
    world.lasts = None
    go_back(world)
    assert (world.named, world.tags, world.of_model, world.served) == (
        whole.named,
        whole.tags,
        whole.of_model,
        whole.served,
    )


def test_an_endpoint_that_does_not_follow_is_tried_again_by_the_same_command() -> None:
    world = World(refuses="4")
    with pytest.raises(EndpointNotUpdated):
        go_back(world)
    assert (world.named["champion"], world.served) == ("4", {"dev-m": "5"})
    world.refuses = ""
    go_back(world)
    assert (world.named["champion"], world.served, world.of_model) == ("4", {"dev-m": "4"}, {})


@pytest.mark.parametrize("version", ["7", "8"])
def test_a_version_that_was_never_fit_is_refused_unless_somebody_insists(version: str) -> None:
    world = World()
    with pytest.raises(RollbackRefused, match=r"never was champion, and its validation is .* --unvalidated"):
        go_back(world, to=version)
    assert world.effects == []
    go_back(world, to=version, unvalidated=True)
    assert world.named["champion"] == version


def test_a_validated_version_may_be_named_and_is_no_challenger_then() -> None:
    world = World()
    go_back(world, to="6")
    assert world.named == {"champion": "6"}


def test_a_version_that_is_gone_and_a_model_without_champion_are_named() -> None:
    with pytest.raises(RollbackRefused, match="has no version 99"):
        go_back(World(), to="99", unvalidated=True)
    gone = World()
    del gone.tags["4"]
    with pytest.raises(RollbackRefused, match="has no version 4 \\(any more\\)"):
        go_back(gone)
    with pytest.raises(RollbackRefused, match="nothing to go back from"):
        go_back(World(named={}))


def test_naming_the_champion_only_sets_the_endpoint_right() -> None:
    world = World(served={"dev-m": "4"})
    go_back(world, to="5")
    assert world.served == {"dev-m": "5"}
    assert world.effects == ["serve 5"]
