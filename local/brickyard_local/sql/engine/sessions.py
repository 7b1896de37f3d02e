"""Spark Connect sessions: a new one for each statement, since the API's statements share no state.

A session acts for the principal whose token its settings hold, in the catalogs that exist when it begins.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

_RETRIES = 3  # Spark is on this machine: who does not answer soon is gone


@contextmanager
def session(environment: Mapping[str, str], *, user: str) -> Iterator[SparkSession]:
    """A session as the workspace's environment describes it, without tables that are files named by their path."""
    token = quote(environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"], safe="")
    opened = SparkSession(connection=f"{environment['SPARK_REMOTE']}/;token={token}", userId=user)
    try:
        opened.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
        settings: dict[str, Any] = json.loads(environment["PYSPARK_REMOTE_INIT_CONF_0"])
        # Else a name such as text.`/etc/hosts` would be a table.
        settings["spark.sql.runSQLOnFiles"] = "false"
        opened.conf._set_all(configs=settings, silent=True)  # noqa: SLF001 - one call, not fifty
        yield opened
    finally:
        opened.stop()
