"""What the four cluster policies allow, asked of the local workspace's own enforcement; rules that make no sense."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_constructs.compute import (
    PolicyLimits,
    gpu_definition,
    job_definition,
    ml_definition,
    personal_definition,
)
from brickyard_constructs.compute.cluster_policy import definition_json
from brickyard_constructs.compute.policy_rules import Allowlist, Definition, Fixed, Matching, Range
from brickyard_constructs.errors import InvalidProps
from brickyard_local.compute.definition import parse
from brickyard_local.compute.enforcement import applied

LIMITS = PolicyLimits(node_types=("m5d.large",), max_workers=2, tags={"team": "ml"}, autotermination_minutes=45)
LTS, ML, GPU = "17.3.x-scala2.13", "17.3.x-cpu-ml-scala2.13", "17.3.x-gpu-ml-scala2.13"
CLUSTER = {"node_type_id": "m5d.large", "custom_tags": {"team": "ml"}, "data_security_mode": "SINGLE_USER"}
JOB = CLUSTER | {"workload_type": {"clients": {"notebooks": False}}, "num_workers": 2}


def violations(definition: Definition, cluster_type: str, cluster: dict[str, Any]) -> list[str]:
    rules = parse(definition_json(definition))
    found = applied(rules, cluster, cluster_type=cluster_type, defaults=True).violations
    return [message.split("Validation failed for ")[1].split(",")[0] for message in found]


@pytest.mark.parametrize(
    ("define", "cluster_type", "cluster"),
    [
        (personal_definition, "all-purpose", CLUSTER | {"spark_version": ML}),
        (job_definition, "job", JOB | {"spark_version": LTS}),
        (job_definition, "job", {**JOB, "num_workers": None, "autoscale": {"min_workers": 1, "max_workers": 2}}),
        (ml_definition, "all-purpose", CLUSTER | {"spark_version": ML, "num_workers": 1}),
        (gpu_definition, "job", JOB | {"spark_version": GPU}),
    ],
)
def test_a_policy_allows_what_it_is_for(
    define: Callable[[PolicyLimits], Definition], cluster_type: str, cluster: dict[str, Any]
) -> None:
    assert violations(define(LIMITS), cluster_type, cluster) == []


@pytest.mark.parametrize(
    ("define", "cluster_type", "cluster", "refused"),
    [
        (personal_definition, "all-purpose", {"node_type_id": "r5d.xlarge"}, "node_type_id"),
        (personal_definition, "all-purpose", {"driver_node_type_id": "r5d.xlarge"}, "driver_node_type_id"),
        (personal_definition, "all-purpose", {"spark_version": "13.3.x-scala2.12"}, "spark_version"),
        (personal_definition, "all-purpose", {"autotermination_minutes": 46}, "autotermination_minutes"),
        (personal_definition, "all-purpose", {"autotermination_minutes": 0}, "autotermination_minutes"),
        (personal_definition, "all-purpose", {"num_workers": 1}, "num_workers"),
        (personal_definition, "all-purpose", {"data_security_mode": "USER_ISOLATION"}, "data_security_mode"),
        (personal_definition, "job", {}, "cluster_type"),
        (personal_definition, "all-purpose", {"custom_tags": {"team": "other"}}, "custom_tags.team"),
        (job_definition, "job", {"num_workers": 3}, "num_workers"),
        (job_definition, "job", {"autoscale": {"min_workers": 1, "max_workers": 3}}, "autoscale.max_workers"),
        (job_definition, "job", {"workload_type": {"clients": {"notebooks": True}}}, "workload_type.clients.notebooks"),
        (
            ml_definition,
            "all-purpose",
            {"init_scripts": [{"workspace": {"destination": "/Shared/x.sh"}}]},
            "init_scripts.0.workspace.destination",
        ),
        (gpu_definition, "job", {"spark_version": ML}, "spark_version"),
        (gpu_definition, "job", {"runtime_engine": "PHOTON"}, "runtime_engine"),
        (gpu_definition, "all-purpose", {}, "cluster_type"),
    ],
)
def test_a_policy_refuses_the_rest(
    define: Callable[[PolicyLimits], Definition], cluster_type: str, cluster: dict[str, Any], refused: str
) -> None:
    assert refused in violations(define(LIMITS), cluster_type, CLUSTER | cluster)


def test_a_price_is_a_limit_only_when_it_is_given() -> None:
    limits = PolicyLimits(node_types=("m5d.large",), dbus_per_hour=12.5)

    assert '"dbus_per_hour": {"maxValue": 12.5, "type": "range"}' in definition_json(job_definition(limits))
    assert "dbus_per_hour" not in definition_json(job_definition(LIMITS))


@given(
    nodes=st.lists(st.sampled_from(["m5d.large", "g5.xlarge", "Standard_D4ds_v5"]), min_size=1, unique=True),
    versions=st.lists(st.sampled_from([LTS, ML, GPU]), unique=True),
    minutes=st.integers(10, 10_000),
    workers=st.integers(1, 1000),
    tags=st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=8), max_size=3),
)
def test_every_limit_makes_a_definition_that_the_workspace_takes(
    nodes: list[str], versions: list[str], minutes: int, workers: int, tags: dict[str, str]
) -> None:
    limits = PolicyLimits(
        node_types=tuple(nodes),
        spark_versions=tuple(versions),
        autotermination_minutes=minutes,
        max_workers=workers,
        tags=tags,
    )
    for define in (personal_definition, job_definition, ml_definition, gpu_definition):
        assert parse(definition_json(define(limits)))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Allowlist(values=()), "values: got"),
        (Range, "a floor, a ceiling or both"),
        (lambda: Range(minimum=2, maximum=1), "minimum: got 2; at most the maximum, 1"),
        (lambda: Range(maximum=1, default=2), "default: got 2; inside of its own range"),
        (lambda: Matching(pattern="("), "a regular expression"),
        (lambda: PolicyLimits(node_types=()), "node_types: got"),
        (lambda: PolicyLimits(node_types=("a",), autotermination_minutes=5), "autotermination_minutes: got 5"),
        (lambda: PolicyLimits(node_types=("a",), dbus_per_hour=0), "dbus_per_hour: got 0"),
        (lambda: PolicyLimits(node_types=("a",), max_workers=0), "max_workers: got 0"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()


def test_equal_rules_make_equal_text() -> None:
    rules = {"num_workers": Fixed(value=0, hidden=True), "cluster_type": Fixed(value="job")}

    assert definition_json(rules) == definition_json(dict(reversed(rules.items())))
