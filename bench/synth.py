"""Measure synthesis: many projects in three environments, against the same resources made plainly with cdktf.

`python bench/synth.py [--projects 50] [--rounds 3]` prints Markdown rows for bench/RESULTS.md. Ours and both floors
are processes of their own, one after the other in turns, in the same run:

- *ours*: settings, names, constructs, grants, guards, as `python main.py` does it, from a cold start;
- *plain*: a script that makes resources and data sources of the same types with the same arguments in the same
  stacks, each by one call of the bindings, and nothing else;
- *bare*: as plain, but every resource is the smallest there is (a directory with its path).

Wheels are built before the clock starts. Memory is the peak of the resident sets of the process and its Node.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("dev", "staging", "prod")
PROJECT: dict[str, Any] = {
    "title": "One of many",
    "deployment": {
        "job": {"schedule": {"quartz_cron": "0 0 6 * * ?"}},
        "endpoints": {"small": {"model": "PROJECT_small"}, "large": {"model": "PROJECT_large"}},
        "models": {"PROJECT_small": {}, "PROJECT_large": {}, "PROJECT_llm": {}},
        "jobs": {
            "finetune": {
                "tasks": [
                    {
                        "key": "finetune",
                        "compute": "gpus",
                        "wheel": {"package": "PROJECT", "entry_point": "finetune", "parameters": ["--rows", "1000"]},
                    }
                ],
                "clusters": {"gpus": {"policy": "gpu", "workers": 2}},
            }
        },
        "volumes": {f"{schema}.PROJECT_files": {} for schema in ("bronze", "silver", "gold", "features", "inference")},
    },
}
NOTHING = """import sys

from cdktf import App

App(outdir=sys.argv[1]).synth()
"""
PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "1.0.0"
[tool.hatch.build.targets.wheel]
packages = ["{name}"]
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Wall time, processor time, and the peak of memory over the process and its children."""

    seconds: float
    cpu_s: float
    peak_bytes: int


def main() -> None:
    """Make the clone, then run ours and the floors in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickyard-synth-") as folder:
        root = make_clone(Path(folder) / "clone", options.projects)
        for environment in ENVIRONMENTS:  # builds the wheels, and writes what the floors make again
            run(ours(root, environment), root)
        print(f"{options.projects} projects x {len(ENVIRONMENTS)} environments: {count(root)}", flush=True)
        compare(root, options.rounds)
        one = make_clone(Path(folder) / "one", 1)
        run(ours(one, "dev"), one)
        (one / "nothing.py").write_text(NOTHING)
        for name, command in (("one project of one environment", ours(one, "dev")), ("nothing", nothing(one))):
            cold = [run(command, one) for _ in range(options.rounds)]
            wall, cpu = (statistics.median(getattr(each, field) for each in cold) for field in ("seconds", "cpu_s"))
            print(f"| {name}, cold start | {wall:.2f} s | processor {cpu:.2f} s | bar 4 s |", flush=True)


def compare(root: Path, rounds: int) -> None:
    """Rows: median wall time of the three environments together, and the largest memory, ours over each floor."""
    programs = {
        "ours": ours,
        "plain": lambda root, environment: floor(root, environment, "plain"),
        "bare": lambda root, environment: floor(root, environment, "bare"),
    }
    rows: dict[str, list[Run]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            runs = [run(command(root, environment), root) for environment in ENVIRONMENTS]
            total = Run(
                seconds=sum(each.seconds for each in runs),
                cpu_s=sum(each.cpu_s for each in runs),
                peak_bytes=max(each.peak_bytes for each in runs),
            )
            rows[name].append(total)
    print("| | wall | processor | peak memory |\n|---|---|---|---|")
    wall = {name: statistics.median(each.seconds for each in runs) for name, runs in rows.items()}
    cpu = {name: statistics.median(each.cpu_s for each in runs) for name, runs in rows.items()}
    peak = {name: max(each.peak_bytes for each in runs) for name, runs in rows.items()}
    for name in programs:
        print(f"| {name} | {wall[name]:.1f} s | {cpu[name]:.1f} s | {peak[name] / 2**20:.0f} MiB |", flush=True)
    for name in ("plain", "bare"):
        ratios = f"wall {wall['ours'] / wall[name]:.2f} x, processor {cpu['ours'] / cpu[name]:.2f} x"
        print(f"Over {name}: {ratios}, memory {peak['ours'] / peak[name]:.2f} x (bar: 1.25 x of plain).", flush=True)


def make_clone(root: Path, projects: int) -> Path:
    """The repository's environments and pipelines, and as many projects as asked for."""
    (root / "projects").mkdir(parents=True)
    (root / "pipelines").symlink_to(REPOSITORY / "pipelines")
    shutil.copytree(REPOSITORY / "environments", root / "environments")
    for index in range(projects):
        name = f"p{index}"
        package = root / "projects" / name / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f'"""{name}."""\n')
        (package.parent / "pyproject.toml").write_text(PYPROJECT.format(name=name))
        settings = json.loads(json.dumps(PROJECT).replace("PROJECT", name))
        (package.parent / "project.yaml").write_text(yaml.safe_dump({"name": name, **settings}))
    shutil.copy(REPOSITORY / "main.py", root / "main.py")
    return root


def ours(root: Path, environment: str) -> list[str]:
    """What cdktf starts, in the clone."""
    return ["BRICKYARD_ENV=" + environment, f"CDKTF_OUTDIR={root / 'out' / environment}", str(root / "main.py")]


def floor(root: Path, environment: str, kind: str) -> list[str]:
    """The floor of the same environment."""
    script = str(REPOSITORY / "bench" / "synth_floor.py")
    return [f"FLOOR={kind}", script, str(root / "out" / environment), str(root / f"floor-{kind}" / environment)]


def nothing(root: Path) -> list[str]:
    """What cdktf itself takes to start and to end: the least that a cold start can be."""
    return [str(root / "nothing.py"), str(root / "out" / "nothing")]


def run(command: list[str], root: Path) -> Run:
    """Start a Python script, with the variables that stand before it, and watch its memory."""
    variables = dict(part.split("=", 1) for part in command if "=" in part)
    arguments = [part for part in command if "=" not in part]
    (root / "out").mkdir(exist_ok=True)
    environment = {**os.environ, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20", **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a second start compiles nothing, of ours and of the floor
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    process = psutil.Popen([sys.executable, *arguments], cwd=root, env=environment)
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - begin
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    watcher.join()
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return Run(seconds=seconds, cpu_s=cpu_s, peak_bytes=peak[0])


def _watch(process: psutil.Popen, peak: list[int]) -> None:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            family = [process, *process.children(recursive=True)]
            peak[0] = max(peak[0], sum(member.memory_info().rss for member in family))
        except psutil.Error:
            return
        time.sleep(0.1)


def count(root: Path) -> str:
    """How much was synthesised, in all environments."""
    documents = [json.loads(p.read_text()) for p in (root / "out").glob("*/stacks/*/cdk.tf.json")]
    resources, sources = (
        sum(len(named) for d in documents for named in d.get(section, {}).values()) for section in ("resource", "data")
    )
    return f"{resources} resources and {sources} data sources in {len(documents)} stacks"


if __name__ == "__main__":
    main()
