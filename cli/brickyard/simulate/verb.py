"""The arguments of `brickyard simulate`."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard.clone import Clone
from brickyard.screen import Screen

if TYPE_CHECKING:
    from brickyard.simulate.house import House


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument("project", nargs="?", metavar="PROJECT", help="default: the only one with an inference job")
    parser.add_argument("--months", type=_count, default=12, help="months of the source, the first ones included (12)")
    parser.add_argument("--learn", type=_count, default=5, help="months that the first model is made from (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what each month brought")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write a PNG: quality with and without retraining")
    parser.add_argument(
        "--remove", action="store_true", help="remove the simulation with all its data; simulate nothing"
    )
    parser.set_defaults(run=_run)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 600:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 to 600")
    return int(text)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.lock import only_one
    from brickyard.simulate.house import House

    with only_one(clone, "simulate"):
        house = House(clone, screen, options.project)
        if options.remove:
            house.close()
            return
        _simulate(house, options, screen)


def _simulate(house: "House", options: argparse.Namespace, screen: Screen) -> None:
    from brickyard.simulate import picture, report
    from brickyard.simulate.loop import Loop
    from brickyard.simulate.observe import Observer
    from brickyard.simulate.progress import Progress

    plan = house.plan(months=options.months, learn=options.learn)
    asked = {"project": house.project, "months": options.months, "learn": options.learn}
    progress = Progress.of(house.folder / "progress.json", asked)
    progress.keep()
    names = house.open()
    client = house.client()
    loop = Loop(client, screen, names, plan, progress)
    loop.first_model()
    house.watch(names)
    loop.months(Observer(client, names, house.columns()))
    screen.console.print(report.table(progress.months))
    if options.json:
        _write(options.json, json.dumps(progress.document(), indent=2) + "\n")
    if options.picture:
        picture.draw(progress.months, options.picture, title=f"{house.project}: {options.months} months, by itself")
    screen.line(f"It stays in the sandbox {names.sandbox}; remove it: `brickyard simulate {house.project} --remove`.")


def _write(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(text)
    partial.replace(file)
