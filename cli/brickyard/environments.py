"""What `brickyard environments` does: list, check and compare settings, and write their schemas."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from brickyard.clone import Clone
from brickyard.errors import WrongSettings
from brickyard.screen import Screen
from brickyard.whole_file import write_whole
from brickyard_stacks.errors import Problem, UnknownEnvironment
from brickyard_stacks.settings.checking import check_settings
from brickyard_stacks.settings.differences import Setting, differences
from brickyard_stacks.settings.document import read_document
from brickyard_stacks.settings.files import environment_files, project_files

# Of what is not a terminal, nobody knows the width; nothing is cut there.
_WIDE = 240
_SHOWN = ("stage", "cloud", "region", "workspace", "state")


def list_environments(clone: Clone, screen: Screen, *, as_json: bool) -> None:
    """A line for each environment; one that is wrong says so and hides none of the others."""
    files = environment_files(clone.root)
    checked = check_settings(list(files.values()), [])
    rows: dict[str, dict[str, str] | None] = dict.fromkeys(files)
    for file in checked.environments:
        found = file.settings
        texts = (found.stage, found.cloud, found.region, found.workspace.name, found.state.backend)
        rows[found.name] = dict(zip(_SHOWN, texts, strict=True))
    if as_json:
        screen.console.print_json(data=rows)
        return
    table = Table("environment", *_SHOWN, box=SIMPLE_HEAD)
    for name, row in rows.items():
        table.add_row(name, *(row.values() if row else ("[red]wrong[/]: see `brickyard environments check`",)))
    _wide(screen.console).print(table)


def check_environments(clone: Clone, screen: Screen, names: Sequence[str], *, as_json: bool) -> None:
    """Everything that is wrong in the environments (default: all), in every project, and between them.

    Errors: UnknownEnvironment, WrongSettings.
    """
    environments = [_file(clone, name) for name in names] or list(environment_files(clone.root).values())
    files = [*environments, *project_files(clone.root)]
    problems = check_settings(environments, project_files(clone.root)).problems
    told = [replace(problem, file=Path(clone.relative(problem.file))) for problem in problems]
    if as_json:
        screen.console.print_json(data=[{**asdict(problem), "file": str(problem.file)} for problem in told])
    else:
        for file in files:
            _show_file(screen.console, clone.relative(file), told)
    if told:
        raise WrongSettings(
            "1 problem in the settings." if len(told) == 1 else f"{len(told)} problems in the settings."
        )


def _show_file(console: Console, file: str, problems: Sequence[Problem]) -> None:
    wrong = [problem for problem in problems if str(problem.file) == file]
    console.print(Text(f"  {'✗' if wrong else '✓'} {file}", style="red" if wrong else "green"), soft_wrap=True)
    for problem in wrong:
        console.print(Text(f"    {problem}"), soft_wrap=True)


def compare_environments(clone: Clone, screen: Screen, names: tuple[str, str], *, as_json: bool) -> None:
    """The values that differ, defaults applied, and where each is set. Errors: UnknownEnvironment, InvalidSettings."""
    files = [_file(clone, name) for name in names]
    first, second = (replace(read_document(file), file=Path(clone.relative(file))) for file in files)
    differing = differences(first, second)
    if as_json:
        rows = [{"key": d.key, "values": [_as_data(d.first), _as_data(d.second)]} for d in differing]
        screen.console.print_json(data={"environments": names, "differences": rows})
        return
    table = Table("key", box=SIMPLE_HEAD)
    for name in names:
        table.add_column(name, overflow="fold")
    blocks = [difference.key.split(".")[0] for difference in differing]
    for difference, block, following in zip(differing, blocks, [*blocks[1:], ""], strict=True):
        cells = (_shown(difference.first), _shown(difference.second))
        table.add_row(difference.key, *cells, end_section=block != following)
    _wide(screen.console).print(table)
    screen.console.print(f"  {len(differing)} values differ.")


def _as_data(setting: Setting | None) -> dict[str, object] | None:
    return None if setting is None else {"value": setting.value, "origin": setting.origin}


def _shown(setting: Setting | None) -> Text:
    """The value, and dimmed where it is set: a line of the column's file, or which default it is."""
    if setting is None:
        return Text("—", style="dim")
    where = f":{setting.line}" if setting.line else setting.origin
    return Text.assemble(_plain(setting.value), "  ", (where, "dim"))


def _plain(value: object) -> str:
    """As a file would say it."""
    if value in (None, [], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool | int):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _wide(console: Console) -> Console:
    return console if console.is_terminal else Console(file=console.file, width=_WIDE, highlight=False)


def _file(clone: Clone, name: str) -> Path:
    files = environment_files(clone.root)
    if name in files:
        return files[name]
    near = get_close_matches(name, files, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise UnknownEnvironment(f"no file environments/{name}.yaml{meant} Environments: {', '.join(files) or 'none'}.")


def print_schema(kind: Literal["environment", "project"]) -> None:
    """The JSON Schema of one kind of settings file."""
    from brickyard_stacks.settings.schema import schema_text

    print(schema_text(kind), end="")


def write_reference(clone: Clone, screen: Screen) -> None:
    """The schemas and the reference page, in docs/settings; each is replaced as a whole."""
    from brickyard_stacks.settings.schema import documents

    folder = clone.root / "docs" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        write_whole(folder / name, text)
        screen.line(f"  wrote {clone.relative(folder / name)}")
