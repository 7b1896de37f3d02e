"""What a cluster may be configured with: honoured or recorded, wrong, or not done here."""

from typing import Any

import pytest

from brickyard_local.compute import catalogue, spec
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.store import Document

VALID: Document = {"spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 1}
SINGLE_NODE = {"spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]"}


def check(**changes: Any) -> Document:
    typed = spec.typed({**VALID, **changes})
    spec.check(typed)
    return typed


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_workers": None, "autoscale": {"min_workers": 1, "max_workers": 4}},
        {"num_workers": 0, "spark_conf": SINGLE_NODE},
        {"num_workers": None, "is_single_node": True, "kind": "CLASSIC_PREVIEW"},
        {"autotermination_minutes": 10_000},
        {"data_security_mode": "SINGLE_USER", "single_user_name": "ann@x.org"},
        {"spark_env_vars": {"TOKEN": "{{secrets/scope/key}}"}},
        {"aws_attributes": {"availability": "SPOT"}},
        {"node_type_id": "Standard_D4ds_v5"},
        {"node_type_id": "n2-standard-4", "driver_node_type_id": "n2-highmem-8"},
        {"init_scripts": [], "ssh_public_keys": []},
    ],
)
def test_what_a_cloud_takes_is_taken(changes: Document) -> None:
    assert check(**changes) == {k: v for k, v in {**VALID, **changes}.items() if v is not None}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spark_version": None}, "spark_version"),
        ({"spark_version": "15.5.x-scala2.12"}, "Invalid spark version"),
        ({"node_type_id": None}, "node_type_id"),
        ({"node_type_id": "large machine"}, "no node type"),
        ({"num_workers": None}, "got neither"),
        ({"autoscale": {"min_workers": 1, "max_workers": 2}}, "got both"),
        ({"num_workers": None, "autoscale": {"min_workers": 3, "max_workers": 2}}, "above max_workers"),
        ({"num_workers": 0}, "SingleNode"),
        ({"num_workers": 2, "is_single_node": True}, "has no workers"),
        ({"num_workers": -1}, "num_workers"),
        ({"num_workers": "2"}, "num_workers"),
        ({"custom_tags": {"a": 1}}, "custom_tags"),
        ({"ssh_public_keys": 5}, "ssh_public_keys"),
        ({"init_scripts": ["/x.sh"]}, "init_scripts"),
        ({"autotermination_minutes": 9}, "between 10 and 10000"),
        ({"data_security_mode": "SHARED"}, "data_security_mode"),
        ({"data_security_mode": "USER_ISOLATION", "single_user_name": "ann@x.org"}, "single_user_name"),
        ({"runtime_engine": "TURBO"}, "runtime_engine"),
    ],
)
def test_what_a_cloud_refuses_is_refused(changes: Document, told: str) -> None:
    with pytest.raises(InvalidParameter, match=told):
        check(**changes)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"init_scripts": [{"workspace": {"destination": "/x.sh"}}]}, "init_scripts"),
        ({"docker_image": {"url": "x"}}, "docker_image"),
        ({"instance_pool_id": "p"}, "instance_pool_id"),
        ({"ssh_public_keys": ["k"]}, "ssh_public_keys"),
        ({"cluster_log_conf": {"dbfs": {"destination": "dbfs:/x"}}}, "cluster_log_conf"),
        ({"aws_attributes": {"instance_profile_arn": "arn"}}, "instance_profile_arn"),
        ({"spark_conf": {"spark.sql.shuffle.partitions": "4"}}, "spark.sql.shuffle.partitions"),
        ({"data_security_mode": "NONE"}, "NONE"),
        ({"turbo": True}, "turbo"),
    ],
)
def test_what_would_silently_be_lost_is_refused_by_name(changes: Document, named: str) -> None:
    with pytest.raises(NotEmulated, match=named):
        check(**changes)


def test_every_listed_runtime_and_node_type_can_be_used() -> None:
    for version in catalogue.spark_versions():
        check(spark_version=version["key"])
    for node_type in catalogue.node_types():
        check(node_type_id=node_type["node_type_id"])
