"""Spark is asked for when a task opens its first session, not before.

`SparkSession.builder.getOrCreate()` first asks the workspace for SPARK_REMOTE and the session's settings. The
workspace starts Spark if it does not run. If it cannot, the task fails at once with the workspace's reason;
a client sent to a dead port would try for minutes and then blame the network. The session also gets the task's
wheels, since functions that Spark calls in Python workers import from them. It is given back when the task ends.
"""

import functools
import json
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from brickyard_local.runtime import spark_release
from brickyard_local.runtime.import_hooks import after_import

if TYPE_CHECKING:
    from urllib.error import HTTPError

SESSION_PATH = "/api/local/spark/session"
_START_S = 900.0  # the first session of a fresh machine waits for the jars to be downloaded


class SparkUnavailable(RuntimeError):
    """Raised in a task when the workspace cannot give it a Spark session."""


def install(archives: Sequence[str]) -> None:
    """Watch for the import of pyspark's session module. `archives` are the task's wheels, as zips."""
    os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")
    after_import("pyspark.sql.session", _Builder(archives).change)


def connect() -> None:
    """Put the session's environment in place, once. Errors: SparkUnavailable with the workspace's words."""
    if "SPARK_REMOTE" in os.environ:
        return
    import urllib.error  # here, since most of a task's start-up time would be this import
    import urllib.request

    request = urllib.request.Request(  # noqa: S310 - the workspace's own http address
        os.environ["DATABRICKS_HOST"] + SESSION_PATH,
        method="POST",
        headers={"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=_START_S) as answer:
            environment = json.load(answer)["environment"]
    except urllib.error.HTTPError as error:
        raise SparkUnavailable(_message(error)) from None
    except OSError as error:
        raise SparkUnavailable(f"The local workspace does not answer at {request.host}: {error}") from None
    os.environ.update(environment)


def _message(error: "HTTPError") -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError):
        return f"The local workspace answered {error.code} when asked for Spark."


class _Builder:
    """Changes pyspark's session builder."""

    def __init__(self, archives: Sequence[str]) -> None:
        self._archives = archives
        self._known: set[str] = set()

    def change(self, module: ModuleType) -> None:
        builder = module.SparkSession.Builder
        for name in ("getOrCreate", "create"):
            setattr(builder, name, self._connecting(getattr(builder, name)))

    def _connecting(self, opens: Any) -> Any:
        @functools.wraps(opens)
        def connected(*arguments: Any, **named: Any) -> Any:
            connect()
            session = opens(*arguments, **named)
            if session.session_id not in self._known:
                self._known.add(session.session_id)
                spark_release.at_exit(session)
                self._equip(session)
            return session

        return connected

    def _equip(self, session: Any) -> None:
        """Give a new session the task's wheels. PySpark would also import from the zips: the path stays as it is."""
        if not self._archives:
            return
        path = list(sys.path)
        session.addArtifacts(*self._archives, pyfile=True)
        sys.path[:] = path
