"""Which experiment a request is about: what we check is what mlflow acts on."""

from typing import Any

import pytest

from brickyard_local.errors import InvalidParameter
from brickyard_local.tracking.artifacts import check_location, files_path
from brickyard_local.tracking.endpoints import ENDPOINTS
from brickyard_local.tracking.requests import (
    Sent,
    by_experiment,
    by_experiments,
    by_locations,
    by_new_trace,
    by_run,
    by_traces,
)


class Lookup:
    def of_run(self, run_id: str) -> str:
        return f"experiment of run {run_id}"

    def of_model(self, model_id: str) -> str:
        return f"experiment of model {model_id}"

    def of_trace(self, trace_id: str) -> str:
        return f"experiment of trace {trace_id[0]}"


def sent(method: str = "POST", *query: tuple[str, str], body: dict[str, Any] | None = None) -> Sent:
    return Sent(method=method, path="/", names={}, query=list(query), body=body)


def test_a_get_is_read_from_its_query_and_a_post_from_its_body() -> None:
    assert by_experiment(sent("GET", ("experiment_id", "1"), body={"experiment_id": "2"}), Lookup()) == ["1"]
    assert by_experiment(sent("GET", body={"experiment_id": "2"}), Lookup()) == ["2"]
    assert by_experiment(sent("POST", ("experiment_id", "1"), body={"experiment_id": "2"}), Lookup()) == ["2"]


def test_the_first_of_repeated_query_fields_counts_as_it_does_for_mlflow() -> None:
    assert by_run(sent("GET", ("run_id", "a"), ("run_id", "b")), Lookup()) == ["experiment of run a"]


def test_run_id_comes_before_its_old_name() -> None:
    both = {"run_id": "a", "run_uuid": "b"}
    assert by_run(sent(body=both), Lookup()) == ["experiment of run a"]
    assert by_run(sent(body={"run_uuid": "b"}), Lookup()) == ["experiment of run b"]


@pytest.mark.parametrize("body", [{"runId": "a", "run_id": "b"}, {"experimentId": "1"}])
def test_another_spelling_of_a_field_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter, match="snake_case"):
        by_run(sent(body=body), Lookup())


@pytest.mark.parametrize("body", [None, {}, {"experiment_ids": []}, {"experiment_ids": "1"}])
def test_a_search_names_its_experiments(body: dict[str, Any] | None) -> None:
    with pytest.raises(InvalidParameter, match="at least one"):
        by_experiments(sent(body=body), Lookup())


def test_every_experiment_of_a_request_is_checked() -> None:
    assert by_experiments(sent(body={"experiment_ids": ["1", 2]}), Lookup()) == ["1", "2"]
    traces = sent(body={"trace_ids": ["a1", "b1", "a2"]})
    assert by_traces(traces, Lookup()) == ["experiment of trace a", "experiment of trace b"]


def test_traces_are_linked_to_a_run_by_who_may_change_it() -> None:
    [linking] = [each for each in ENDPOINTS if each.path.endswith("traces/link-to-run")]
    body = {"trace_ids": ["a1"], "run_id": "r"}
    assert linking.locate(sent(body=body), Lookup()) == ["experiment of trace a", "experiment of run r"]


def test_traces_belong_to_experiments() -> None:
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "4"}}
    assert by_locations(sent(body={"locations": [location]}), Lookup()) == ["4"]
    assert by_new_trace(sent(body={"trace": {"trace_info": {"trace_location": location}}}), Lookup()) == ["4"]
    for body in ({"locations": [{"uc_schema": {}}]}, {"locations": []}):
        with pytest.raises(InvalidParameter):
            by_locations(sent(body=body), Lookup())
    with pytest.raises(InvalidParameter):
        by_new_trace(sent(body={"trace": "x"}), Lookup())


def test_no_path_leads_to_mlflows_own_model_registry_or_gateway() -> None:
    served = [endpoint.path for endpoint in ENDPOINTS]
    assert len(served) == len({(endpoint.method, endpoint.path) for endpoint in ENDPOINTS})
    for part in ("registered-models", "model-versions", "gateway", "artifacts", "prompt", "webhook", "secret"):
        assert not any(part in path for path in served)


def test_artifacts_map_into_the_file_tree() -> None:
    root = "dbfs:/databricks/mlflow-tracking/7/r/artifacts"
    assert files_path(root) == "/WorkspaceInternal/Mlflow/Artifacts/7/Runs/r/artifacts"
    assert files_path("dbfs:/Volumes/c/s/v/x", "a") == "/Volumes/c/s/v/x/a"


@pytest.mark.parametrize("location", ["file:///etc", "/etc", "s3://b/x", "dbfs:/tmp", "dbfs:/Volumes/../x"])
def test_artifacts_cannot_be_kept_elsewhere(location: str) -> None:
    with pytest.raises(InvalidParameter):
        check_location(location)
