"""Runtimes by what they are, instead of by their version.

Databricks takes `auto:` names in policies only, and refuses them for clusters (databricks/cli issue 1327). So what a
cluster gets is looked up when it is planned, and a new long-term support version shows as a change in the plan.
"""

from collections.abc import Mapping
from typing import Any, cast

from cdktf_cdktf_provider_databricks.data_databricks_spark_version import DataDatabricksSparkVersion
from constructs import Construct

from brickyard_constructs.errors import InvalidProps

_AUTO = "auto:"
NEWEST: Mapping[str, Mapping[str, Any]] = {
    "auto:latest-lts": {},
    "auto:latest-lts-ml": {"ml": True},
    "auto:latest-lts-gpu-ml": {"ml": True, "gpu": True},  # ours: policies have no name for it
}
# Part of every key, scala2.12 and scala2.13: the provider's own default leaves the newest runtimes out.
_ANY_SCALA = "2.1"


def check_runtime(prop: str, version: str) -> None:
    """A runtime's key, or one of the names."""
    if version.startswith(_AUTO) and version not in NEWEST:
        rule = f"a runtime's key such as 17.3.x-scala2.13, or one of {', '.join(NEWEST)}"
        raise InvalidProps(prop, version, rule=rule)


def runtime(scope: Construct, version: str) -> str:
    """The runtime's key; of a name, a reference to what is found, looked up once below `scope`."""
    if version not in NEWEST:
        return version
    id_ = f"runtime-{version.removeprefix('auto:latest-')}"
    found = scope.node.try_find_child(id_) or DataDatabricksSparkVersion(
        scope, id_, latest=True, long_term_support=True, scala=_ANY_SCALA, **NEWEST[version]
    )
    return cast("DataDatabricksSparkVersion", found).id
