"""The module by which databricks-sdk knows that it runs inside a job: `from databricks.sdk.runtime import dbutils`.

This folder's parent is on PYTHONPATH of task processes only.
Source: databricks-sdk, databricks/sdk/runtime/__init__.py (`UserNamespaceInitializer`)
"""

from typing import Any

from brickyard_local.runtime.task_utilities import of_this_process


class UserNamespaceInitializer:
    """Gives databricks-sdk the objects that Databricks puts into a notebook's namespace."""

    @classmethod
    def getOrCreate(cls) -> "UserNamespaceInitializer":  # noqa: N802 - the name that the SDK calls
        return cls()

    def get_namespace_globals(self) -> dict[str, Any]:
        """All names that the SDK knows; those without a meaning in a task process are None."""
        names = ("display", "displayHTML", "table", "sql", "udf", "getArgument", "sc", "sqlContext", "spark")
        return {**dict.fromkeys(names), "dbutils": of_this_process()}
