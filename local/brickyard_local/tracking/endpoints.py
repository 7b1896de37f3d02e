"""The tracking API: which paths pass to mlflow's server, and what the caller must hold for each.

Source: docs.databricks.com/api/workspace/experiments; docs.databricks.com/aws/en/mlflow/experiments (permissions);
mlflow's protos (mlflow.server.handlers.get_endpoints). What is not in the tables is not emulated: the workspace
model registry, prompts, webhooks, the AI gateway, evaluation datasets.
"""

from dataclasses import dataclass

from brickyard_local.tracking.requests import (
    Locate,
    by_experiment,
    by_experiments,
    by_locations,
    by_model,
    by_new_trace,
    by_run,
    by_trace,
    by_traces,
    by_traces_and_run,
)

READ, EDIT, MANAGE = "CAN_READ", "CAN_EDIT", "CAN_MANAGE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One path that passes through once the caller holds `level` on the experiments that `locate` finds."""

    method: str
    path: str
    level: str
    locate: Locate


def _endpoints(version: str, rows: tuple[tuple[str, str, str, Locate], ...]) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(method=method, path=f"/api/{version}/mlflow/{path}", level=level, locate=locate)
        for method, path, level, locate in rows
    )


ENDPOINTS = _endpoints(
    "2.0",
    (
        ("POST", "experiments/set-experiment-tag", EDIT, by_experiment),
        ("POST", "experiments/delete-experiment-tag", EDIT, by_experiment),
        ("GET", "runs/get", READ, by_run),
        ("POST", "runs/search", READ, by_experiments),
        ("GET", "metrics/get-history", READ, by_run),
        ("POST", "runs/update", EDIT, by_run),
        ("POST", "runs/delete", EDIT, by_run),
        ("POST", "runs/restore", EDIT, by_run),
        ("POST", "runs/log-metric", EDIT, by_run),
        ("POST", "runs/log-parameter", EDIT, by_run),
        ("POST", "runs/log-batch", EDIT, by_run),
        ("POST", "runs/log-model", EDIT, by_run),
        ("POST", "runs/log-inputs", EDIT, by_run),
        ("POST", "runs/outputs", EDIT, by_run),
        ("POST", "runs/set-tag", EDIT, by_run),
        ("POST", "runs/delete-tag", EDIT, by_run),
        ("POST", "logged-models", EDIT, by_experiment),
        ("POST", "logged-models/search", READ, by_experiments),
        ("GET", "logged-models/{model_id}", READ, by_model),
        ("PATCH", "logged-models/{model_id}", EDIT, by_model),
        ("DELETE", "logged-models/{model_id}", EDIT, by_model),
        ("PATCH", "logged-models/{model_id}/tags", EDIT, by_model),
        ("DELETE", "logged-models/{model_id}/tags/{tag_key}", EDIT, by_model),
        ("POST", "logged-models/{model_id}/params", EDIT, by_model),
        ("POST", "traces/delete-traces", EDIT, by_experiment),
        ("GET", "traces", READ, by_experiments),
        ("GET", "traces/{trace_id}/info", READ, by_trace),
        ("PATCH", "traces/{trace_id}/tags", EDIT, by_trace),
        ("DELETE", "traces/{trace_id}/tags", EDIT, by_trace),
        ("POST", "traces/link-to-run", EDIT, by_traces_and_run),
    ),
) + _endpoints(
    "3.0",
    (
        ("POST", "traces", EDIT, by_new_trace),
        ("POST", "traces/search", READ, by_locations),
        ("POST", "traces/delete-traces", EDIT, by_experiment),
        ("GET", "traces/batchGet", READ, by_traces),
        ("POST", "traces/batchGetInfos", READ, by_traces),
        ("GET", "traces/get", READ, by_trace),
        ("GET", "traces/{trace_id}", READ, by_trace),
        ("PATCH", "traces/{trace_id}/tags", EDIT, by_trace),
        ("DELETE", "traces/{trace_id}/tags", EDIT, by_trace),
        ("POST", "traces/{trace_id}/assessments", EDIT, by_trace),
        ("GET", "traces/{trace_id}/assessments/{assessment_id}", READ, by_trace),
        ("PATCH", "traces/{trace_id}/assessments/{assessment_id}", EDIT, by_trace),
        ("DELETE", "traces/{trace_id}/assessments/{assessment_id}", EDIT, by_trace),
    ),
)
