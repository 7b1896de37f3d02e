"""Which node type, which version: chosen as databricks-sdk-go chooses them."""

from typing import Any

import pytest

from brickyard_local.provider.client import Api
from brickyard_local.provider.data_sources.compute import NodeType, SparkVersion
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resources.compute.libraries import representation


def node(name: str, cores: int, gigabytes: int, **more: Any) -> dict[str, Any]:
    disks = {"node_instance_type": {"local_disks": 1, "local_disk_size_gb": 100}} if more.pop("disks", False) else {}
    return {
        "node_type_id": name,
        "instance_type_id": name,
        "num_cores": cores,
        "memory_mb": gigabytes * 1024,
        "category": "General Purpose",
        **disks,
        **more,
    }


NODES = [
    node("big", 16, 64, disks=True),
    node("gpu", 4, 16, num_gpus=1),
    node("small", 4, 16, node_instance_type={"local_disks": 0}),
    node("disk", 4, 16, disks=True),
    node("arm", 4, 16, is_graviton=True),
    node("old", 2, 8, is_deprecated=True),
    node("x-fleet.large", 2, 8),
    node("away", 1, 1, node_info={"status": ["NotAvailableInRegion"]}),
]
VERSIONS = [
    {"key": "9.1.x-scala2.12", "name": "9.1 LTS (includes Apache Spark 3.1.2, Scala 2.12)"},
    {"key": "16.4.x-scala2.12", "name": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)"},
    {"key": "16.4.x-scala2.13", "name": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.13)"},
    {"key": "17.0.x-scala2.12", "name": "17.0 (includes Apache Spark 4.0.0, Scala 2.12)"},
    {"key": "18.0.x-scala2.12", "name": "18.0 Beta (includes Apache Spark 4.1.0, Scala 2.12)"},
    {"key": "16.4.x-cpu-ml-scala2.12", "name": "16.4 LTS ML (includes Apache Spark 3.5.2, Scala 2.12)"},
]


class _Answers(Api):
    """Answers every list with what is above."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", "t")

    def get(self, _path: str, _query: Any = None) -> Any:
        return {"node_types": NODES, "versions": VERSIONS}


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ({}, "small"),
        ({"local_disk": True}, "disk"),
        ({"local_disk_min_size": 200}, "old"),  # which does not tell of its disks
        ({"min_cores": 5}, "big"),
        ({"min_memory_gb": 32, "gb_per_core": 4}, "big"),
        ({"min_gpus": 1}, "gpu"),
        ({"graviton": True}, "arm"),
        ({"arm": True, "min_cores": 8}, "m6g.xlarge"),
        ({"fleet": True}, "x-fleet.large"),
        ({"category": "general purpose", "is_io_cache_enabled": True}, "i3.xlarge"),
    ],
)
def test_the_smallest_fitting_node_type_is_chosen(asked: dict[str, Any], chosen: str) -> None:
    assert NodeType().read(_Answers(), asked)["id"] == chosen


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ({}, "17.0.x-scala2.12"),
        ({"long_term_support": True}, "16.4.x-scala2.12"),
        ({"long_term_support": True, "ml": True}, "16.4.x-cpu-ml-scala2.12"),
        ({"scala": "2.13"}, "16.4.x-scala2.13"),
        ({"beta": True}, "18.0.x-scala2.12"),
        ({"spark_version": "3.1", "latest": False}, "9.1.x-scala2.12"),
    ],
)
def test_the_latest_fitting_version_is_chosen(asked: dict[str, Any], chosen: str) -> None:
    assert SparkVersion().read(_Answers(), asked)["id"] == chosen


@pytest.mark.parametrize(("asked", "said"), [({"latest": False}, "multiple"), ({"genomics": True}, "no results")])
def test_no_version_and_several_are_errors(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        SparkVersion().read(_Answers(), asked)


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ({"jar": "dbfs:/a.jar"}, "jar:dbfs:/a.jar"),
        ({"pypi": {"package": "a", "repo": "r/"}}, "pypi:r/a"),
        ({"maven": {"coordinates": "g:a:1", "exclusions": ["x", "y"]}}, "mvn:g:a:1xy"),
        ({"egg": "e"}, "egg:e"),
        ({"cran": {"package": "p"}}, "cran:p"),
        ({"requirements": "/Volumes/r.txt"}, "unknown"),
    ],
)
def test_libraries_are_told_apart_as_the_genuine_provider_does(library: dict[str, Any], expected: str) -> None:
    assert representation(library) == expected
