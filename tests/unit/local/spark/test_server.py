"""Whether a Spark server that was started is still there; that it starts again is in the tests that kill it."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest

from brickyard_local.pytest_plugin import until
from brickyard_local.spark.server import _Running

# As a JVM that was killed for a moment: its first thread is gone, another keeps the port open.
DYING = """
import ctypes, socket, threading
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
threading.Thread(target=threading.Event().wait).start()
if input() == "die":
    ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="how threads of a process end is Linux's")
def test_a_server_whose_first_thread_has_ended_does_not_answer_although_its_port_does() -> None:
    process = subprocess.Popen([sys.executable, "-c", DYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    child: Any = SimpleNamespace(alive=True, process=process)
    try:
        running = _Running(child=cast("Any", child), port=int(process.stdout.readline()), token="")
        assert running.answers()
        process.stdin.write("die\n")
        process.stdin.flush()
        until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
        assert process.poll() is None, "it cannot be waited for yet"
        assert not running.answers()
    finally:
        process.kill()
        process.communicate()
