"""Builds the trigger loop from what it needs: called once, by `state`."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from brickyard_local.store import Document, Store
from brickyard_local.triggers import observed, schedules
from brickyard_local.triggers.continuous import Continuous
from brickyard_local.triggers.kinds import Kind
from brickyard_local.triggers.loop import TriggerLoop
from brickyard_local.triggers.needs import CallerOf, Folder, Jobs
from brickyard_local.triggers.settings import UNIT_S, active, quartz_of
from brickyard_local.triggers.watches import Looks, Watch


def compose_triggers(
    store: Store,
    jobs: Jobs,
    *,
    caller_of: CallerOf,
    watched_folder: Folder,
    table_folder: Folder,
    clock: Callable[[], float] = time.time,
) -> TriggerLoop:
    """The triggers of the jobs of all workspaces. The two folders are looked up in the name of the job's run_as."""

    def kind_of(workspace_id: int, job: Document) -> tuple[Kind, Any] | None:
        name = active(job["settings"])
        if name is None:
            return None
        block = {field: value for field, value in job["settings"][name].items() if field != "pause_status" and value}
        definition = {name: block}
        if name == "continuous":
            return Continuous(result=partial(_result, jobs, workspace_id)), definition
        if name == "schedule":
            return schedules.cron(quartz_of(block)), definition
        if "periodic" in block:
            interval_s = float(block["periodic"]["interval"] * UNIT_S[block["periodic"]["unit"]])
            return schedules.Period(interval_s=interval_s), definition

        def finder(folder: Folder, path: str) -> observed.Find:
            return lambda: folder(caller_of(workspace_id, job["run_as"]), path)

        if "file_arrival" in block:
            arrival = block["file_arrival"]
            looks: Looks = observed.Files(finder(watched_folder, arrival["url"]))
            return _watch(arrival, "FILE_ARRIVAL", looks), definition
        tables = block["table_update"]
        finds = {table: finder(table_folder, table) for table in tables["table_names"]}
        needs_all = tables.get("condition") == "ALL_UPDATED"
        return _watch(tables, "TABLE", partial(observed.table_versions, finds), needs_all=needs_all), definition

    return TriggerLoop(store, jobs, kind_of, clock)


def _watch(block: Mapping[str, Any], trigger: str, looks: Looks, *, needs_all: bool = False) -> Watch:
    return Watch(
        trigger=trigger,
        observe=looks,
        by_version=trigger == "TABLE",
        needs_all=needs_all,
        between_s=float(block.get("min_time_between_triggers_seconds") or 0),
        quiet_s=float(block.get("wait_after_last_change_seconds") or 0),
    )


def _result(jobs: Jobs, workspace_id: int, run_id: int) -> str | None:
    """How a run ended; None while it is active. One that was deleted has ended."""
    run = jobs.run(workspace_id, run_id)
    return "SUCCESS" if run is None else run.get("result_state")
