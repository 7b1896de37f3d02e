"""Keeps requests for inference tables, and has them written: a child process, started when there is something to write.

Source: docs.databricks.com/aws/en/ai-gateway/inference-tables-serving-endpoints
Units: BRICKYARD_INFERENCE_TABLE_S seconds pass until a request is on its way to its table (default 2).
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from brickyard_local import children
from brickyard_local.child_environment import inherited
from brickyard_local.serving.spool import Spool

INTERVAL = "BRICKYARD_INFERENCE_TABLE_S"
_IDLE_S = 30.0
_log = logging.getLogger(__name__)


class PayloadWriter:
    """The spools of all inference tables, and the process that empties them."""

    def __init__(self, folder: Path, tables: Path, log: Path, next_number: Callable[[], int]) -> None:
        self._folder = folder
        self._tables = tables
        self._log_file = log
        self._next_number = next_number
        self._interval_s = float(os.environ.get(INTERVAL) or 2.0)
        self._lock = threading.Lock()
        self._spools: dict[str, Spool] = {}
        self._waiting = threading.Event()
        self._closing = threading.Event()
        self._child: children.Child | None = None
        self._thread: threading.Thread | None = None

    def recover(self) -> None:
        """Take up what an earlier process left."""
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            self._spool(folder.name)
        if self._spools:
            self._wake()

    def record(self, table_id: str, row: Mapping[str, Any]) -> None:
        """Keep a request. When this returns it will be in its table, whoever is killed."""
        self._spool(table_id).add(row)
        self._wake()

    def close(self) -> None:
        """Stop writing; what is not written yet is at the next start."""
        self._closing.set()
        self._waiting.set()
        if self._thread is not None:
            self._thread.join(10)
        if self._child is not None:
            self._child.stop()
        for spool in self._spools.values():
            spool.close()

    def _spool(self, table_id: str) -> Spool:
        with self._lock:
            if table_id not in self._spools:
                self._spools[table_id] = Spool(self._folder / table_id, self._next_number)
            return self._spools[table_id]

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._keep_writing, name="inference-tables", daemon=True)
                self._thread.start()
        self._waiting.set()

    def _keep_writing(self) -> None:
        while not self._closing.is_set():
            self._waiting.wait()
            self._waiting.clear()
            self._closing.wait(self._interval_s)
            try:
                while not self._closing.is_set() and self._cut():
                    self._ensure_child()
                    self._closing.wait(self._interval_s)
            except Exception:  # noqa: BLE001 - what hinders it, a full disk say, may pass: requests stay in their spool
                _log.exception("Inference tables")
                self._waiting.set()

    def _cut(self) -> bool:
        with self._lock:
            spools = list(self._spools.values())
        left = [spool.cut() for spool in spools]
        return any(left)

    def _ensure_child(self) -> None:
        if self._child is not None and self._child.alive:
            return
        if self._child is not None:
            self._child.stop(grace_s=0)
        module = "brickyard_local.serving.payload_child"
        self._child = children.spawn(
            [sys.executable, "-P", "-m", module, str(self._folder), str(self._tables), str(_IDLE_S)],
            log=self._log_file,
            environment=inherited(os.environ),
        )
