"""Reviews a plan of 10,000 resource changes: `python bench/review.py [--changes N] [--tf-summarize BINARY]`.

Processor time and peak memory of `brickyard review` (read, masked, analysed, judged, written as Markdown) beside
`python -c json.load` of the same file, each a process of its own, in turns; medians. Target: at most 3 times both.
`--tf-summarize` names a binary of it, which reads the same file beside them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_TARGET = 3.0
_ACTIONS = (["no-op"],) * 3 + (["update"],) * 3 + (["create"],) * 2 + (["delete"], ["delete", "create"])
_MARKS = {"task": [{"python_wheel_task": [{}], "depends_on": []} for _ in range(3)], "tags": {}}


def main() -> None:
    """Generate, measure in turns, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tf-summarize", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps(make_plan(options.changes), separators=(",", ":")))
        commands = _commands(plan, options.tf_summarize)
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                measured[name].append(_measure(command))
        _print(plan, measured)


def _commands(plan: Path, tf_summarize: Path | None) -> dict[str, list[str]]:
    load = f"import json; json.load(open({str(plan)!r}))"
    review = [sys.executable, "-m", "brickyard.main", "review", str(plan), "--format", "md", "--out", f"{plan}.md"]
    commands = {"json.load": [sys.executable, "-c", load], "brickyard review": review}
    if tf_summarize is not None:
        commands["tf-summarize -md"] = [str(tf_summarize), "-md", str(plan)]
    return commands


def _measure(command: list[str]) -> tuple[float, float]:
    """Processor seconds and peak MiB of one process."""
    paths = os.pathsep.join(str(ROOT / part) for part in ("cli", "local", "review", "stacks"))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        raise SystemExit(f"{command[:4]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _print(plan: Path, measured: dict[str, list[tuple[float, float]]]) -> None:
    print(f"plan of {plan.stat().st_size / 2**20:.1f} MiB, medians of {len(measured['json.load'])} runs in turns\n")
    print("| what | processor seconds | times json.load | peak MiB | times json.load |")
    print("|---|---|---|---|---|")
    floor = [statistics.median(values) for values in zip(*measured["json.load"], strict=True)]
    for name, runs in measured.items():
        seconds, memory = (statistics.median(values) for values in zip(*runs, strict=True))
        print(f"| {name} | {seconds:.2f} | {seconds / floor[0]:.2f} | {memory:.0f} | {memory / floor[1]:.2f} |")
    print(f"\ntarget: at most {_TARGET:g} times json.load in both")


def make_plan(changes: int) -> dict[str, Any]:
    """Jobs, each referring to the one before; of ten, 3 stay, 3 are updated, 2 created, 1 deleted, 1 replaced."""
    numbers = range(changes)
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": list(_values(numbers, "after"))}},
        "resource_changes": [_change(number) for number in numbers],
        "prior_state": {"values": {"root_module": {"resources": list(_values(numbers, "before"))}}},
        "configuration": {"root_module": {"resources": [_configured(number) for number in numbers]}},
        "applyable": True,
        "complete": True,
        "errored": False,
    }


def _named(number: int) -> dict[str, Any]:
    return {"address": f"databricks_job.j{number}", "mode": "managed", "type": "databricks_job", "name": f"j{number}"}


def _change(number: int) -> dict[str, Any]:
    actions = _ACTIONS[number % len(_ACTIONS)]
    before = None if actions == ["create"] else _job(number)
    after = None if actions == ["delete"] else _job(number)
    if before and after and actions != ["no-op"]:
        after = {**after, "max_concurrent_runs": 2}
    unknown = {"id": True} if after and actions != ["no-op"] else {}
    sides = {"before": before, "after": after, "after_unknown": unknown}
    marks = {"before_sensitive": _MARKS if before else False, "after_sensitive": _MARKS if after else False}
    return {**_named(number), "change": {"actions": actions, **sides, **marks}}


def _values(numbers: range, side: str) -> Iterator[dict[str, Any]]:
    for number in numbers:
        values = _change(number)["change"][side]
        if values is not None:
            origin = [f"databricks_job.j{number - 1}"] if number else []
            yield {**_named(number), "values": values, "sensitive_values": _MARKS, "depends_on": origin}


def _configured(number: int) -> dict[str, Any]:
    origin = f"databricks_job.j{max(0, number - 1)}"
    tags = {"references": [f"{origin}.id", origin]} if number else {}
    return {**_named(number), "expressions": {"name": {"constant_value": f"job-{number}"}, "tags": tags}}


def _job(number: int) -> dict[str, Any]:
    wheel = {"entry_point": "train", "package_name": "churn", "parameters": ["--number", str(number)]}
    task = {"depends_on": [], "timeout_seconds": 3600, "environment_key": "default", "python_wheel_task": [wheel]}
    return {
        "name": f"job-{number}",
        "id": str(10_000 + number),
        "max_concurrent_runs": 1,
        "tags": {"team": "ml", "owner": f"owner-{number % 50}"},
        "task": [{"task_key": f"task-{part}", **task} for part in range(3)],
        "run_as": [{"service_principal_name": "11111111-2222-3333-4444-555555555555"}],
        "schedule": [{"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}],
    }


if __name__ == "__main__":
    main()
