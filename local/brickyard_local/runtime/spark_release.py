"""A task gives its Spark session back when it ends; else the server keeps what it holds for an hour.

PySpark can do that by itself, but then asks a server that died for minutes before the process may end.
Gaps: PySpark's own threads, which let go of what a query held, still ask for minutes when the server dies meanwhile.
"""

import atexit
import contextlib
import os
from typing import Any

_PATIENCE_S = 5.0


def at_exit(session: Any) -> None:
    """Release the session at the end of this process; a process that it forks leaves it alone."""
    owner = os.getpid()

    def give_back() -> None:
        if os.getpid() == owner:
            release(session)

    atexit.register(give_back)


def release(session: Any) -> None:
    """Ask once, for seconds at most, and close the client: a closed one asks nothing more at its own exit.

    Source: pyspark.sql.connect.client.core (release_session, close, _on_exit)
    """
    from pyspark.sql.connect.proto import ReleaseSessionRequest

    client = session.client
    if client.is_closed:
        return
    request = ReleaseSessionRequest(session_id=session.session_id, client_type="brickyard")
    if client._user_id:  # noqa: SLF001 - PySpark's own release has no time limit
        request.user_context.user_id = client._user_id  # noqa: SLF001
    with contextlib.suppress(Exception):  # whatever keeps the server from it: the process ends
        client._stub.ReleaseSession(request, metadata=client._builder.metadata(), timeout=_PATIENCE_S)  # noqa: SLF001
    with contextlib.suppress(Exception):
        client.close()
