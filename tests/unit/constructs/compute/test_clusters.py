"""Clusters, pools, warehouses, libraries and package indexes: what they make, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from brickyard_constructs.compute import (
    Autoscale,
    BudgetPolicyProps,
    Cluster,
    ClusterProps,
    ClusterSpec,
    InstancePoolProps,
    Library,
    PackageIndex,
    SqlWarehouse,
    SqlWarehouseProps,
)
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.secret_reference import SecretReference

USES = (Permission(level="CAN_USE", group="team"),)
INDEX = "https://pypi.acme.example/simple"
SECRET = SecretReference(scope="team", key="index")


def spec(**changes: Any) -> ClusterSpec:
    return ClusterSpec(**{"spark_version": "17.3.x-scala2.13", "node_type": "m5d.large"} | changes)


def cluster(stack: TerraformStack, synth: Callable[[], Any], **changes: Any) -> dict[str, Any]:
    attaches = (Permission(level="CAN_ATTACH_TO", group="team"),)
    Cluster(stack, "cluster", ClusterProps(name="c", spec=spec(**changes), permissions=attaches))
    (made,) = synth()["databricks_cluster"].values()
    found: dict[str, Any] = made
    return found


def test_a_cluster_without_workers_is_one_machine(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    made = cluster(stack, synth)

    assert made["is_single_node"] is True
    assert made["kind"] == "CLASSIC_PREVIEW"
    assert "num_workers" not in made
    assert made["autotermination_minutes"] == 30


def test_a_secret_stays_a_reference_in_a_clusters_environment(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    index = PackageIndex(url=INDEX, secret=SECRET)
    made = cluster(stack, synth, environment={"API_TOKEN": SECRET, "LEVEL": "info"}, package_index=index)

    assert made["spark_env_vars"] == {
        "API_TOKEN": "{{secrets/team/index}}",
        "LEVEL": "info",
        "PIP_INDEX_URL": "{{secrets/team/index}}",
    }


def test_a_warehouse_is_serverless_small_and_stops(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    SqlWarehouse(stack, "w", SqlWarehouseProps(name="w", permissions=USES))

    (made,) = synth()["databricks_sql_endpoint"].values()
    assert made["enable_serverless_compute"] is True
    assert made["auto_stop_mins"] == 10
    assert made["cluster_size"] == "2X-Small"
    assert made["channel"] == {"name": "CHANNEL_NAME_CURRENT"}


def test_serverless_work_reads_an_index_with_a_sign_in_from_the_workspaces_own_secret_only() -> None:
    default = SecretReference(scope="databricks-package-management", key="pip-index-url")

    assert PackageIndex(url=INDEX).pip_lines == (f"--index-url {INDEX}",)
    assert PackageIndex(url=INDEX, secret=default).pip_lines == ()
    with pytest.raises(InvalidProps, match=r"team/index.*databricks-package-management/pip-index-url only"):
        _ = PackageIndex(url=INDEX, secret=SECRET).pip_lines


def test_an_index_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidProps, match="no user, token or query") as refused:
        PackageIndex(url="https://me:hunter2@pypi.acme.example/simple")

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: spec(node_type=None), "exactly one of the two is named"),
        (lambda: spec(instance_pool_id="p"), "exactly one of the two is named"),
        (lambda: spec(workers=1, autoscale=Autoscale(min_workers=1, max_workers=2)), "workers: got 1; either"),
        (lambda: spec(data_security_mode="NONE"), "data_security_mode: got 'NONE'"),
        (lambda: spec(data_security_mode="USER_ISOLATION", single_user="me"), "single_user: got 'me'"),
        (lambda: spec(spark_version="17.3.x-gpu-ml-scala2.13", photon=True), "photon: got True"),
        (lambda: spec(environment={"DB_PASSWORD": "x"}), "environment: got 'DB_PASSWORD'; a secret is given as"),
        (lambda: spec(spark_version="auto:prev-lts"), "spark_version: got 'auto:prev-lts'; a runtime's key such as"),
        (lambda: Autoscale(min_workers=2, max_workers=1), "max_workers: got 1; must be at least 2"),
        (lambda: ClusterProps(name="c", spec=spec(), permissions=USES, autotermination_minutes=0), "got 0; from 10"),
        (lambda: ClusterProps(name="c", spec=spec(), permissions=USES, ownership="adopt"), "import_id: got ''"),
        (Library, "exactly one of the three"),
        (lambda: Library(wheel="/dbfs/tool.whl"), "wheel: got '/dbfs/tool.whl'; a file in /Volumes or /Workspace"),
        (lambda: Library(package="tool @ https://me:x@host/tool.whl"), "package: got '…'"),
        (lambda: InstancePoolProps(name="p", node_type="n", permissions=USES, min_idle=2, max_capacity=1), "min_idle"),
        (lambda: SqlWarehouseProps(name="w", permissions=USES, size="Tiny"), "size: got 'Tiny'; one of 2X-Small"),
        (lambda: SqlWarehouseProps(name="w", permissions=USES, min_clusters=2), "max_clusters: got 1"),
        (lambda: SqlWarehouseProps(name="w", permissions=USES, serverless=False, auto_stop_minutes=5), "at least 10"),
        (lambda: BudgetPolicyProps(name="b", tags={}), "tags: got"),
        (lambda: SecretReference(scope="a b", key="k"), "scope: got 'a b'"),
    ],
)
def test_compute_that_databricks_would_refuse_is_refused_before(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()
