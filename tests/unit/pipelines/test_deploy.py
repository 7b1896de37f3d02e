"""Deployment: canary, endpoint, record, alias. Killed anywhere it can be run again; of two at once one is refused."""

import contextlib
import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.errors import NotFound, OperationFailed
from databricks.sdk.service.serving import (
    EndpointCoreConfigOutput,
    ExportMetricsResponse,
    Route,
    ServedEntityInput,
    ServedEntityOutput,
    ServingEndpointDetailed,
    TrafficConfig,
)
from mlflow.exceptions import MlflowException

from brickyard_pipelines.errors import (
    CanaryFailed,
    DeploymentUnderWay,
    EndpointNotUpdated,
    NotApproved,
    PromotionRefused,
)
from brickyard_pipelines.ml.project import Canary, Project, Promotion, load_project
from brickyard_pipelines.ml.registry import claims
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import approve, deploy
from brickyard_pipelines.ml.steps.deploy import Hands

MODEL = "dev.models.m"
SETTINGS = StepSettings(
    project="flight_delays", catalog="dev", model=MODEL, model_version="3", endpoint="dev-m", job_run_id="17"
)
PASSED = {
    "validation_status": "PASSED",
    "validated_by_job_run": "17",
    "validated_against_champion": "2",
    "validation_reason": "better",
}


class Killed(BaseException):
    """Stands for `kill -9`: nothing that follows in the process has an effect."""


@dataclass
class Power:
    """Counts effects, and goes off before the one that it is told."""

    lasts: int | None = None
    done: list[str] = field(default_factory=list)

    def spend(self, effect: str) -> None:
        if self.lasts is not None and len(self.done) >= self.lasts:
            raise Killed(effect)
        self.done.append(effect)


@dataclass
class World:
    """A registry and one endpoint, in memory, that outlive the processes which act on them."""

    tags: dict[str, dict[str, str]]
    aliases: dict[str, str] = field(default_factory=lambda: {"champion": "2", "challenger": "3"})
    model_tags: dict[str, str] = field(default_factory=dict)
    served: list[ServedEntityOutput] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    power: Power = field(default_factory=Power)
    refuses: str = ""
    answers: Callable[[int], dict[str, tuple[int, int, int]]] = lambda _: {}
    looks: int = 0
    seconds: float = 0.0
    while_asleep: Callable[[], None] = lambda: None

    # the registry, as MlflowClient has it
    def get_model_version(self, _name: str, version: str) -> Any:
        return SimpleNamespace(version=version, tags=dict(self.tags[version]), run_id="run")

    def get_registered_model(self, _name: str) -> Any:
        return SimpleNamespace(aliases=dict(self.aliases), tags=dict(self.model_tags))

    def get_run(self, run_id: str) -> Any:
        if run_id == "gone":
            raise MlflowException("no such run")
        return SimpleNamespace(data=SimpleNamespace(tags={"mlflow.source.git.commit": "c0ffee"}))

    def set_model_version_tag(self, _name: str, version: str, key: str, value: str) -> None:
        self.power.spend(f"tag {key}")
        self.tags[version][key] = value

    def set_registered_model_alias(self, _name: str, alias: str, version: str) -> None:
        self.power.spend(f"alias {alias}")
        self.aliases[alias] = version

    def delete_registered_model_alias(self, _name: str, alias: str) -> None:
        self.power.spend(f"no alias {alias}")
        del self.aliases[alias]

    def set_registered_model_tag(self, _name: str, key: str, value: str) -> None:
        self.power.spend(f"model tag {key}")
        self.model_tags[key] = value

    def delete_registered_model_tag(self, _name: str, key: str) -> None:
        self.power.spend(f"no model tag {key}")
        del self.model_tags[key]

    # the endpoint, as ServingEndpointsAPI has it
    def get(self, name: str) -> ServingEndpointDetailed:
        if not self.served:
            raise NotFound(f"no endpoint {name}")
        config = EndpointCoreConfigOutput(
            served_entities=list(self.served), traffic_config=TrafficConfig(routes=list(self.routes))
        )
        return ServingEndpointDetailed(name=name, config=config)

    def update_config(
        self, _name: str, *, served_entities: list[ServedEntityInput], traffic_config: TrafficConfig | None = None
    ) -> Any:
        self.power.spend(f"serve {'+'.join(str(each.entity_version) for each in served_entities)}")
        if self.refuses in [each.entity_version for each in served_entities]:
            return SimpleNamespace(result=self._fail)
        facts = [each.as_dict() for each in served_entities]
        self.served = [ServedEntityOutput.from_dict({"name": f"m-{each['entity_version']}", **each}) for each in facts]
        whole = [Route(served_model_name=str(self.served[0].name), traffic_percentage=100)]
        self.routes = list((traffic_config.routes if traffic_config else None) or whole)
        return SimpleNamespace(result=lambda timeout: timeout)

    def _fail(self, timeout: dt.timedelta) -> None:
        raise OperationFailed(f"failed to reach NOT_UPDATING within {timeout}, got UPDATE_FAILED")

    def export_metrics(self, _name: str) -> ExportMetricsResponse:
        self.looks += 1
        lines = ["# TYPE request_count_total counter"]
        for entity, (requests, errors, latency_ms) in self.answers(self.looks).items():
            labels = f'{{endpoint_name="dev-m",served_model_name="{entity}"}}'
            lines += [f"request_count_total{labels} {requests}", f"request_5xx_count_total{labels} {errors}"]
            lines += [f"request_latency_ms_sum{labels} {latency_ms}", f"request_latency_ms_count{labels} {requests}"]
        return ExportMetricsResponse(contents=io.BytesIO("\n".join(lines).encode()))

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.while_asleep()

    def state(self) -> Any:
        """What must be equal however often a deployment was killed; times differ."""
        served = [(entity.name, entity.entity_version) for entity in self.served]
        tags = {version: {k: v for k, v in tags.items() if k != "promoted_at"} for version, tags in self.tags.items()}
        return (
            self.aliases,
            tags,
            self.model_tags,
            served,
            [(r.served_model_name, r.traffic_percentage) for r in self.routes],
        )


@pytest.fixture
def world() -> World:
    return fresh()


def fresh() -> World:
    """Version 2 is champion and served, 3 has passed against it."""
    made = World(tags={"1": {}, "2": {}, "3": {**PASSED, "validated_as": f"{MODEL}/3"}, "4": {}})
    made.served = [ServedEntityOutput(name="champion", entity_name=MODEL, entity_version="2", workload_size="Large")]
    made.routes = [Route(served_model_name="champion", traffic_percentage=100)]
    return made


def hands(world: World, who: str = "ann") -> Hands:
    fake: Any = world
    return Hands(client=fake, endpoints=fake, who=who, sleep=world.sleep, clock_s=lambda: world.seconds)


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project("flight_delays")


PLAN = Canary(percent=10, minutes=1, max_error_rate=0.05, max_latency_ratio=2, min_requests=20)


@pytest.fixture(scope="module")
def careful(project: Project) -> Project:
    """The same with a canary."""
    return replace(project, workflow=replace(project.workflow, promotion=Promotion(canary=PLAN)))


def well(look: int) -> dict[str, tuple[int, int, int]]:
    return {"champion": (100 * look, 0, 1000 * look), "m-3": (10 * look, 0, 110 * look)}


def badly(look: int) -> dict[str, tuple[int, int, int]]:
    return {"champion": (100 * look, 0, 1000 * look), "m-3": (10 * look, 9 * look, 110 * look)}


def test_the_version_is_served_recorded_and_made_champion(world: World, project: Project) -> None:
    deploy.roll_out(hands(world), SETTINGS, project)

    assert world.aliases == {"champion": "3"}
    (entity,) = world.served
    assert (entity.entity_version, entity.workload_size) == ("3", "Large")
    tags = world.tags["3"]
    assert (tags["previous_champion"], tags["promoted_by"], tags["promoted_by_job_run"]) == ("2", "ann", "17")
    assert (tags["promotion_reason"], tags["promoted_from_commit"]) == ("better", "c0ffee")
    assert dt.datetime.fromisoformat(tags["promoted_at"]).tzinfo is not None
    assert world.power.done.index("serve 3") < world.power.done.index("alias champion")
    assert world.power.done.index("tag promotion_reason") < world.power.done.index("alias champion")


def test_deploying_the_champion_again_changes_nothing(world: World, project: Project) -> None:
    deploy.roll_out(hands(world), SETTINGS, project)
    before, world.power.done = world.state(), []
    deploy.roll_out(hands(world), SETTINGS, project)
    assert world.state() == before
    assert set(world.power.done) == {f"model tag {claims.TAG}", f"no model tag {claims.TAG}"}


def test_without_an_endpoint_the_alias_moves_and_the_stack_makes_one(world: World, careful: Project) -> None:
    world.served = []
    deploy.roll_out(hands(world), SETTINGS, careful)
    assert world.aliases["champion"] == "3"
    assert not [effect for effect in world.power.done if effect.startswith("serve")]


@pytest.mark.parametrize("accept_earlier", [False, True])
def test_deploy_asks_who_is_champion_now(world: World, project: Project, accept_earlier: bool) -> None:
    world.aliases["champion"] = "4"
    settings = replace(SETTINGS, accept_earlier_validation=accept_earlier)
    with pytest.raises(PromotionRefused, match="compared with champion 2, the champion is 4 now"):
        deploy.roll_out(hands(world), settings, project)
    assert world.power.done == []


def test_where_the_endpoint_does_not_take_the_version_nothing_has_changed(world: World, project: Project) -> None:
    world.refuses = "3"
    with pytest.raises(EndpointNotUpdated, match=r"does not take version 3: .*goes on answering as before"):
        deploy.roll_out(hands(world), SETTINGS, project)
    assert world.aliases == {"champion": "2", "challenger": "3"}
    assert "promoted_by" not in world.tags["3"]
    assert [entity.entity_version for entity in world.served] == ["2"]
    assert world.model_tags == {}


def test_a_canary_that_answers_well_takes_over(world: World, careful: Project) -> None:
    world.answers = well
    deploy.roll_out(hands(world), SETTINGS, careful)
    assert world.seconds == 60
    assert world.power.done.index("serve 2+3") < world.power.done.index("serve 3")
    assert world.aliases == {"champion": "3"}
    assert world.tags["3"]["canary_status"] == "PASSED"
    assert [entity.name for entity in world.served] == ["m-3"]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (badly, "were answered with 5xx"),
        (lambda look: {"champion": (9 * look, 0, 9), "m-3": (1, 0, 1)}, "20 are needed to tell"),
        (lambda _: {}, "it answered 0 requests"),
        (
            lambda look: {"champion": (9 * look, 0, 90 * look), "m-3": (9 * look, 0, 900 * look)},
            "at most 2 times as long",
        ),
        (lambda look: {"m-3": (50 * look, 0, 50 * look)}, "hold no latency of both"),
    ],
)
def test_a_canary_that_does_not_do_well_gives_the_traffic_back(
    world: World, careful: Project, answers: Any, why: str
) -> None:
    world.answers = answers
    with pytest.raises(CanaryFailed, match=why):
        deploy.roll_out(hands(world), SETTINGS, careful)
    assert world.aliases == {"champion": "2"}
    assert [(entity.name, entity.entity_version) for entity in world.served] == [("champion", "2")]
    assert [(route.served_model_name, route.traffic_percentage) for route in world.routes] == [("champion", 100)]
    assert world.tags["3"]["canary_status"] == "FAILED"
    with pytest.raises(CanaryFailed):  # only a new verdict lets it try once more
        deploy.roll_out(hands(world), SETTINGS, careful)


def test_errors_end_a_canary_before_its_time(world: World, careful: Project) -> None:
    world.answers = badly
    with pytest.raises(CanaryFailed):
        deploy.roll_out(hands(world), SETTINGS, careful)
    assert world.seconds < 60


def effects(project: Project, answers: Any) -> list[str]:
    world = fresh()
    world.answers = answers
    with contextlib.suppress(CanaryFailed):
        deploy.roll_out(hands(world), SETTINGS, project)
    return world.power.done


@pytest.mark.parametrize("answers", [well, badly])
def test_a_deployment_killed_before_any_effect_ends_as_one_that_was_not(careful: Project, answers: Any) -> None:
    whole = fresh()
    whole.answers = answers
    run(whole, careful)
    for moment in range(len(effects(careful, answers))):
        world = fresh()
        world.answers, world.power = answers, Power(lasts=moment)
        with pytest.raises(Killed):
            deploy.roll_out(hands(world), SETTINGS, careful)
        world.power = Power()
        run(world, careful)
        assert differing(world) == differing(whole), moment


def run(world: World, project: Project) -> None:
    try:
        deploy.roll_out(hands(world), SETTINGS, project)
    except CanaryFailed:
        assert world.answers is badly


def differing(world: World) -> Any:
    """The state without the numbers that a second canary counted."""
    for tags in world.tags.values():
        tags.pop("canary_reason", None)
    return world.state()


def test_of_two_deployments_at_once_the_second_is_refused_with_the_firsts_name(world: World, project: Project) -> None:
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    held = {"version": "4", "job_run": "99", "who": "bob", "until": later}
    world.model_tags[claims.TAG] = json.dumps(held)
    with pytest.raises(DeploymentUnderWay, match=r"version 4 is being deployed by bob \(job run 99\)"):
        deploy.roll_out(hands(world), SETTINGS, project)
    assert world.power.done == []
    assert json.loads(world.model_tags[claims.TAG]) == held


def test_a_claim_whose_time_is_over_holds_nobody_back(world: World, project: Project) -> None:
    held = {"version": "4", "job_run": "99", "who": "bob", "until": "2020-01-01T00:00:00+00:00"}
    world.model_tags[claims.TAG] = json.dumps(held)
    deploy.roll_out(hands(world), SETTINGS, project)
    assert world.aliases["champion"] == "3"
    assert world.model_tags == {}


def test_whoever_lost_the_claim_meanwhile_moves_no_alias(world: World, careful: Project) -> None:
    world.answers = well

    def bob_claims() -> None:
        held = {"version": "4", "job_run": "99", "who": "bob", "until": "2999-01-01T00:00:00+00:00"}
        world.model_tags[claims.TAG] = json.dumps(held)

    world.while_asleep = bob_claims
    with pytest.raises(DeploymentUnderWay, match="bob"):
        deploy.roll_out(hands(world), SETTINGS, careful)
    assert world.aliases["champion"] == "2"
    assert claims.TAG in world.model_tags


def test_a_champion_that_comes_during_the_canary_keeps_the_endpoint(world: World, careful: Project) -> None:
    world.answers = well
    world.while_asleep = lambda: world.aliases.update(champion="1")  # such as a rollback
    with pytest.raises(PromotionRefused, match="version 1 became champion while version 3 was deployed"):
        deploy.roll_out(hands(world), SETTINGS, careful)
    assert world.aliases["champion"] == "1"
    assert [entity.entity_version for entity in world.served] == ["1"]


def test_a_verdict_that_was_copied_along_counts_nothing(world: World, project: Project) -> None:
    world.tags["3"]["validated_as"] = "staging.models.m/8"
    with pytest.raises(PromotionRefused, match=r"about staging\.models\.m/8, not about dev\.models\.m/3"):
        deploy.roll_out(hands(world), SETTINGS, project)


def test_a_version_that_was_taken_back_does_not_return_by_itself(world: World, project: Project) -> None:
    world.tags["3"] |= {"rolled_back_by": "bob", "rollback_reason": "wrong on Mondays"}
    with pytest.raises(PromotionRefused, match=r"taken back by bob: wrong on Mondays.*rollback --to 3"):
        deploy.roll_out(hands(world), SETTINGS, project)


@pytest.fixture(params=[None, "", "Rejected", "approvedish"])
def not_approved(request: pytest.FixtureRequest, world: World) -> World:
    if request.param is not None:
        world.tags["3"]["approval"] = request.param
    return world


def test_without_approval_neither_the_task_nor_the_deployment_goes_on(not_approved: World, project: Project) -> None:
    settings = replace(SETTINGS, approval="required")
    with pytest.raises(NotApproved, match=r"waits for approval: its tag 'approval' is .* repair this run"):
        approve.approval(not_approved, settings)  # type: ignore[arg-type]
    with pytest.raises(NotApproved):
        deploy.roll_out(hands(not_approved), settings, project)
    assert not_approved.power.done == []


def test_an_approved_version_is_deployed_and_the_word_is_on_record(world: World, project: Project) -> None:
    world.tags["3"]["Approval_Check"] = "Approved"
    settings = replace(SETTINGS, approval="required", approval_tag="Approval_Check")
    deploy.roll_out(hands(world), settings, project)
    assert world.aliases["champion"] == "3"
    assert world.tags["3"]["promotion_approval"] == "Approved"


def test_a_version_whose_run_is_gone_is_deployed_from_an_unknown_commit() -> None:
    made: Any = fresh()
    assert deploy.commit_of(made, {}, "gone") == "unknown"
    assert deploy.commit_of(made, {"trained_from_commit": "abc"}, "gone") == "abc"
    assert deploy.commit_of(made, {}, "run") == "c0ffee"
