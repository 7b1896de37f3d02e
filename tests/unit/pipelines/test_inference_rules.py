"""Which rows are whose to score, from where, and what is refused before anything is written."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.serving import AiGatewayConfig, AiGatewayInferenceTableConfig, ServingEndpointDetailed
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from brickyard_pipelines.errors import BrokenContract, InvalidProject, NoChampion, UnusableRows
from brickyard_pipelines.ml.data import conflicts
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.inference import append, champion, pending, scoring, streams
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.inference.pending import Scope
from brickyard_pipelines.ml.project import Project, load_project
from brickyard_pipelines.ml.project.inference import Inference, Streaming
from brickyard_pipelines.ml.steps.unpack_payloads import payload_table

SCOPE = Scope(model_version="3", features_id="f", where="true")
FEATURES = (Feature(name="a", type="double", comment=""), Feature(name="c", type="string", comment=""))


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project("flight_delays")


@given(st.lists(st.tuples(st.sampled_from(["3", "4"]), st.integers(0, 50)), max_size=20))
def test_the_watermark_is_the_highest_of_its_own_version(commits: list[tuple[str, int]]) -> None:
    notes = [pending.note(Scope(model_version=v, features_id="f", where="true"), at) for v, at in commits]
    own = [at for version, at in commits if version == "3"]
    assert pending.newest(notes, SCOPE) == max(own, default=None)


@pytest.mark.parametrize("change", [{"features_id": "g"}, {"where": "`at` >= '2013-01-01'"}, {"model_version": "4"}])
def test_another_feature_table_period_or_version_begins_anew(change: dict[str, str]) -> None:
    facts = {"model_version": "3", "features_id": "f", "where": "true", **change}
    assert pending.newest([pending.note(SCOPE, 9)], Scope(**facts)) is None


def test_notes_of_others_are_passed_over() -> None:
    assert pending.newest(['{"silver": 3}', "by hand", "[]", '{"scope": {}, "scored_until": 8}'], SCOPE) is None


SPLIT = {
    "split.train_since": "2013-01-01",
    "split.train_until": "2013-09-01",
    "split.validation_since": "2013-09-01",
    "split.validation_until": "2013-10-01",
    "split.holdout_since": "2013-10-01",
    "split.holdout_until": "2013-11-01",
}


class Registry:
    """The registry calls of a champion's look-up."""

    def __init__(self, version: str | None, parameters: dict[str, str], tags: dict[str, str] | None = None) -> None:
        self.aliases = {"champion": version} if version else {}
        self.parameters = parameters
        self.tags = tags

    def get_registered_model(self, _name: str) -> Any:
        return SimpleNamespace(aliases=self.aliases)

    def get_model_version(self, _name: str, _version: str) -> Any:
        return SimpleNamespace(run_id="r", tags=self.tags)

    def get_run(self, _run: str) -> Any:
        if self.tags is not None:  # a copy: its run is in the workspace that trained it
            raise MlflowException("Run 'r' not found")
        return SimpleNamespace(data=SimpleNamespace(params=self.parameters))


def test_a_champion_scores_what_is_later_than_all_it_has_seen() -> None:
    from brickyard_pipelines.ml.settings import StepSettings

    settings = StepSettings(project="p", catalog="dev", model="dev.models.m")
    without: Any = SimpleNamespace(workflow=SimpleNamespace(batch=None))
    registry: Any = Registry("3", SPLIT)
    assert champion.current(registry, settings, without).since == dt.date(2013, 10, 1)
    copied: Any = Registry("3", {}, {key.replace(".", "_"): day for key, day in SPLIT.items()})
    assert champion.current(copied, settings, without).since == dt.date(2013, 10, 1)
    said_by_people: Any = Registry("3", {}, {"seen_until": "2013-05-01"})
    assert champion.current(said_by_people, settings, without).since == dt.date(2013, 5, 1)
    nobody: Any = Registry(None, {})
    with pytest.raises(NoChampion, match=r"[nN]o version"):
        champion.current(nobody, settings, without)


def test_an_earlier_champion_gets_the_columns_that_it_knows() -> None:
    assert champion.chosen_inputs("m 1", {"c": True, "gone": False}, FEATURES) == ("c",)
    assert champion.chosen_inputs("m 1", None, FEATURES) == ("a", "c")
    with pytest.raises(BrokenContract, match="m 1 needs gone, which the project's features do not have"):
        champion.chosen_inputs("m 1", {"a": True, "gone": True}, FEATURES)


def test_missing_and_changed_columns_of_the_feature_table_are_all_named(project: Project) -> None:
    found = {column.name: column.type for column in inference_table.definitions(project)}
    scoring.check_columns("t", found | {"more": "int"}, project)
    broken = {**found, "distance_mi": "string"}
    del broken["carrier"]
    with pytest.raises(BrokenContract, match=r"carrier missing; distance_mi is string, not double\. Nothing was"):
        scoring.check_columns("t", broken, project)


def test_work_is_repeated_when_another_run_was_first_and_only_then() -> None:
    tries: list[int] = []

    def work() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("[DELTA_CONCURRENT_APPEND] files were added")
        return len(tries)

    assert conflicts.until_undisturbed(work) == 3

    def fail() -> int:
        tries.append(1)
        raise ValueError("something else")

    with pytest.raises(ValueError, match="something else"):
        conflicts.until_undisturbed(fail)
    assert len(tries) == 4


class Session:
    """Records the statements of a micro-batch."""

    def __init__(self, rows: int, keys: int) -> None:
        self.said: list[str] = []
        self.views: list[str] = []
        self._bounds = {"first": "2013-11-01 00:00:00", "last": "2013-11-02 00:00:00", "rows": rows, "keys": keys}

    @property
    def sparkSession(self) -> "Session":  # noqa: N802 - Spark's name
        return self

    def createOrReplaceTempView(self, name: str) -> None:  # noqa: N802
        self.views.append(name)

    def sql(self, text: str) -> Any:
        self.said.append(text)
        return SimpleNamespace(collect=lambda: [self._bounds], createOrReplaceTempView=self.createOrReplaceTempView)


@pytest.mark.parametrize(("rows", "keys", "runs", "folds"), [(0, 0, 0, False), (5, 5, 1, False), (5, 4, 1, True)])
def test_a_micro_batch_writes_each_key_once_within_its_window(rows: int, keys: int, runs: int, folds: bool) -> None:
    statement = append.merge("t", "SELECT 1", same="true", window=streams.WINDOW, time_key="at")
    run = streams.running([statement], view="v", key="id", moment="at", newest="_commit_version")
    session = Session(rows, keys)
    run(session, 0)  # type: ignore[arg-type]
    merges = [text for text in session.said if text.startswith("MERGE")]
    assert len(merges) == runs
    assert all("BETWEEN timestamp'2013-11-01 00:00:00' AND timestamp'2013-11-02 00:00:00'" in each for each in merges)
    assert any("max_by" in text for text in session.said) == folds


def test_only_an_endpoint_with_an_inference_table_has_payloads() -> None:
    def answering(gateway: AiGatewayConfig | None) -> Any:
        return SimpleNamespace(get=lambda name: ServingEndpointDetailed(name=name, ai_gateway=gateway))

    def table(**more: Any) -> AiGatewayConfig:
        config = AiGatewayInferenceTableConfig(catalog_name="dev", schema_name="inference", **more)
        return AiGatewayConfig(inference_table_config=config)

    def absent(_name: str) -> Any:
        raise NotFound("no")

    gone: Any = SimpleNamespace(get=absent)
    assert payload_table(gone, "e") is None
    assert payload_table(answering(None), "e") is None
    assert payload_table(answering(table(enabled=False)), "e") is None
    assert payload_table(answering(table(enabled=True)), "e") == "`dev`.`inference`.`e_payload`"
    assert payload_table(answering(table(enabled=True, table_name_prefix="p")), "e") == "`dev`.`inference`.`p_payload`"


def test_settings_of_inference_are_checked() -> None:
    with pytest.raises(InvalidProject, match=r"streaming\.every_s: got 0, must be 1 or more"):
        Streaming(every_s=0)
    with pytest.raises(InvalidProject, match=r"served_entities: got 'entities'"):
        Inference(served_entities="entities")


class Counting:
    """A data frame that answers what it is asked for with these numbers."""

    def __init__(self, **numbers: Any) -> None:
        self.row = numbers

    def selectExpr(self, *_: str) -> "Counting":  # noqa: N802 - Spark's name
        return self

    def collect(self) -> list[dict[str, Any]]:
        return [self.row]


def test_two_keys_of_one_hash_are_scored_and_one_key_of_two_rows_is_not() -> None:
    ends = {"first": "2013-11-01 00:00:00", "last": "2013-11-02 00:00:00", "rows": 2}
    collided: Any = Counting(**ends, hashes=1, keys=2)
    found = pending.window_of(collided, "id", "at")
    assert found is not None
    assert found.rows == 2
    twice: Any = Counting(**ends, hashes=1, keys=1)
    with pytest.raises(UnusableRows, match="2 rows to score have only 1 different id"):
        pending.window_of(twice, "id", "at")
