"""One Spark Connect server per workspace, started by the first task that needs it and ended with the workspace."""

import logging
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from brickyard_local.child_environment import inherited
from brickyard_local.children import Child, spawn
from brickyard_local.spark import session
from brickyard_local.spark.errors import SparkServerFailed
from brickyard_local.spark.jars import SparkJars, ensure
from brickyard_local.spark.settings import heap, java_options, spark_settings

_START_S = 120.0
_POLL_S = 0.05
_MAIN = "io.unitycatalog.brickyard.Server"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    child: Child
    port: int
    token: str

    def answers(self) -> bool:
        """PySpark waits for minutes on a port where nobody listens, so this is asked before."""
        if not self.child.alive or self._is_dying():
            return False
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
        except OSError:
            return False

    def _is_dying(self) -> bool:
        """Whether its first thread has ended: of a killed JVM, others keep the port open for a moment."""
        try:
            return psutil.Process(self.child.process.pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


class SparkServer:
    """The Spark server of one workspace.

    `home` is the home of the local account (`files/` is what `/Volumes` shows), `cache` is where jars are kept,
    `workspace_host` the workspace's URL, `python` the interpreter of the Python workers: it must have pyspark, and
    whatever UDFs import. Every method may be called by several threads.
    """

    def __init__(
        self,
        home: Path,
        cache: Path,
        workspace_host: str,
        python: Path,
        *,
        memory: str | None = None,
        report: Callable[[str], None] = _log.info,
    ) -> None:
        name = str(urlsplit(workspace_host).port or "default")
        self._host = workspace_host.rstrip("/")
        self._files = home / "files"
        self._runtime = home / "spark" / name
        self._cache = cache
        self._python = python
        self._memory = memory or heap()
        self._report = report
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._running: _Running | None = None
        self.log = home / "logs" / f"spark-{name}.log"

    def session_environment(self, principal_token: str, catalogs: Sequence[str]) -> dict[str, str]:
        """The environment of a task whose Spark session acts for the principal of the token, in these catalogs.

        Starts the server, or starts it again when it died.
        Errors: JavaUnusable, JarsUnavailable, PluginDoesNotCompile, SparkServerFailed.
        """
        running = self._ensure_running()
        settings = session.catalog_settings(self._host, principal_token, catalogs)
        return session.session_environment(running.port, running.token, settings)

    def start(self) -> None:
        """Start the server ahead of the first task. Errors: as of `session_environment`."""
        self._ensure_running()

    @property
    def pid(self) -> int | None:
        """Of the server that runs, or None."""
        running = self._running
        return running.child.process.pid if running is not None and running.child.alive else None

    def stop(self) -> None:
        """End the server; one that is just starting, too. A later `start` is allowed."""
        self._stopping.set()
        with self._lock:
            self._stopping.clear()
            if self._running is not None:
                _end(self._running.child)
                self._running = None
            shutil.rmtree(self._runtime, ignore_errors=True)

    def _ensure_running(self) -> _Running:
        with self._lock:
            if self._running is not None and not self._running.answers():
                child = self._running.child
                what = "does not answer" if child.alive else f"ended with status {child.process.returncode}"
                _log.warning("The Spark server %s: it is started again. %s:\n%s", what, self.log, child.log_tail())
                _end(child)
                self._running = None
            if self._running is None:
                self._running = self._launch(ensure(self._cache, self._report))
            return self._running

    def _launch(self, jars: SparkJars) -> _Running:
        self._report("Starting Spark")
        shutil.rmtree(self._runtime, ignore_errors=True)
        for folder in (self._runtime / "tmp", self._files / "Volumes"):
            folder.mkdir(parents=True, exist_ok=True)
        port_file = self._runtime / "port"
        token = secrets.token_urlsafe(32)
        child = spawn(
            self._argv(jars, port_file),
            log=self.log,
            environment=self._environment(jars, token),
            folder=self._runtime,
            hidden=(token,),  # PySpark's streaming workers print the URL that they connect to, with its token
        )
        try:
            port = self._wait_for_port(child, port_file)
        except BaseException:
            _end(child)
            raise
        return _Running(child=child, port=port, token=token)

    def _argv(self, jars: SparkJars, port_file: Path) -> list[str]:
        settings = spark_settings(files_root=self._files.resolve(), runtime=self._runtime.resolve())
        return [
            str(jars.java.executable),
            *java_options(memory=self._memory),
            *(f"-D{key}={value}" for key, value in settings.items()),
            *("-cp", os.pathsep.join(jars.class_path), _MAIN, str(port_file)),
        ]

    def _environment(self, jars: SparkJars, token: str) -> dict[str, str]:
        """The token is in it, since a command line is for everyone to read; nothing of the shell's secrets is.

        The server's Python workers serve the tasks of all principals: whatever stands here, every UDF can read.
        Without SPARK_HOME they import the interpreter's own pyspark; with it they would take the copy in
        `pyspark.zip`, compile it at every start, and on a busy machine miss the ten seconds that `foreachBatch` gives.
        """
        return inherited(os.environ, also=("PYTHONPATH",)) | {
            "JAVA_HOME": str(jars.java.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": str(self._python),
            "PYSPARK_DRIVER_PYTHON": str(self._python),
            "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
        }

    def _wait_for_port(self, child: Child, port_file: Path) -> int:
        deadline = time.monotonic() + _START_S
        while not port_file.exists():
            if self._stopping.is_set():
                raise SparkServerFailed("The Spark server was stopped while it started.")
            if not child.alive:
                raise SparkServerFailed(self._failure(child, f"ended with status {child.process.returncode}"))
            if time.monotonic() > deadline:
                raise SparkServerFailed(self._failure(child, f"did not answer within {_START_S:.0f} s"))
            time.sleep(_POLL_S)
        return int(port_file.read_text())

    def _failure(self, child: Child, what: str) -> str:
        return (
            f"The Spark server {what}. The end of its log, {self.log}:\n{child.log_tail()}\n"
            "Check the memory that is free (it takes 1 GB) and `pipenv run python -m brickyard_local.spark.jars`."
        )


def _end(child: Child) -> None:
    child.stop()
