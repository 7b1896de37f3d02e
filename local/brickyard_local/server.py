"""The server process: `python -m brickyard_local.server --home DIR --cache DIR --workspace NAME[:PORT] …`.

It listens on 127.0.0.1 only, one port per workspace, and tells where in `server.json` once it answers.
"""

import argparse
import asyncio
import fcntl
import gc
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO

import psutil
import uvicorn
from fastapi import FastAPI

from brickyard_local import sockets
from brickyard_local.account import Home, Workspace, WorkspaceSpec, describe, listen, write_private
from brickyard_local.app import create_app, route_table
from brickyard_local.children import exit_with_parent
from brickyard_local.errors import CannotStart
from brickyard_local.jobs import packages
from brickyard_local.protocol import PunctualProtocol
from brickyard_local.request_log import RequestLog
from brickyard_local.state import LocalState


def main() -> int:
    """Serve until SIGTERM or SIGINT. Exit status 2 when the server cannot start."""
    options = _parse(sys.argv[1:])
    if options.tied:
        exit_with_parent()
    home = Home(root=options.home.resolve(), cache=options.cache.resolve())
    try:
        home.create()
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        with _only_one(home), packages.in_use(home.cache):
            serve(home, tuple(options.workspace))
    except CannotStart as error:
        print(f"brickyard: {error}", file=sys.stderr)  # noqa: T201 - the starting process shows it
        return 2
    return 0


def serve(home: Home, specs: tuple[WorkspaceSpec, ...]) -> None:
    """Open the account, listen for each workspace, and answer until told to stop."""
    sockets.sweep()
    state = LocalState.open(home)
    for spec in specs:
        state.account.ensure_workspace(spec)
    workspaces = state.account.workspaces()
    listeners = [listen(workspace) for workspace in workspaces]
    state.account.write_config_file(state.account.admin_token())
    try:
        state.recover()
        asyncio.run(_answer(state, workspaces, listeners))
    finally:
        home.server_file.unlink(missing_ok=True)
        state.close()


async def _answer(state: LocalState, workspaces: list[Workspace], listeners: list[socket.socket]) -> None:
    table, log = route_table(), RequestLog()
    servers = [_server(create_app(state, workspace, table, log)) for workspace in workspaces]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [
        asyncio.create_task(server._serve(sockets=[listener]))  # noqa: SLF001 - `serve` would take the signals
        for server, listener in zip(servers, listeners, strict=True)
    ]
    try:
        while not all(server.started or task.done() for server, task in zip(servers, tasks, strict=True)):  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        await asyncio.to_thread(state.start)
        gc.freeze()  # all that a start makes stays: looking through it at each full collection held a call up for 40 ms
        _announce(state.home, workspaces)
        await asyncio.gather(*tasks)
    finally:
        log.flush()


def _server(app: FastAPI) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=PunctualProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    return uvicorn.Server(config)


def _announce(home: Home, workspaces: list[Workspace]) -> None:
    facts = {
        "pid": os.getpid(),
        "create_time": psutil.Process().create_time(),
        "workspaces": describe(workspaces),
    }
    write_private(home.server_file, json.dumps(facts, indent=2) + "\n")


def _only_one(home: Home) -> IO[str]:
    """Hold the home for this process. Errors: CannotStart when another server has it."""
    lock = (home.root / "server.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(
            f"Another local workspace already serves {home.root}. Ask `brickyard status`, or stop it with "
            "`brickyard down`."
        ) from error
    return lock


def _workspace(text: str) -> WorkspaceSpec:
    name, _, port = text.partition(":")
    return WorkspaceSpec(name=name, port=int(port) if port else None)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="brickyard_local.server", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--tied", action="store_true", help="end when standard input closes")
    parser.add_argument("--workspace", type=_workspace, action="append", required=True)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
