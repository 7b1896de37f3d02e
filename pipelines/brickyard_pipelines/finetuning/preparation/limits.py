"""When preparation refuses the data instead of going on with what is left. Pure but for the one example it quotes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from brickyard_pipelines.finetuning.errors import Problem, UnusableData
from brickyard_pipelines.finetuning.plan.document import Limits
from brickyard_pipelines.finetuning.preparation.account import Account


def check(accounts: Mapping[str, Account], limits: Limits, folder: Path) -> None:
    """Nothing where enough is left, and what is held out is not what is learnt from.

    Errors: UnusableData with every limit that is passed, and the first row that passed it.
    """
    found = list(_problems(accounts, limits, folder))
    if found:
        raise UnusableData(found)


def _problems(accounts: Mapping[str, Account], limits: Limits, folder: Path) -> Iterator[Problem]:
    for split, account in accounts.items():
        refused = account.refused.total()
        if account.read and refused / account.read > limits.quarantined:
            reasons = ", ".join(f"{reason} {count}" for reason, count in account.refused.most_common(4))
            yield Problem(
                where=f"data.{split}",
                got=f"{refused} of {account.read} rows quarantined ({reasons})",
                rule=f"at most {limits.quarantined:.0%} are",
                fix=f"First: {_first(folder / 'quarantine.jsonl', split)}",
            )
    train = accounts["train"]
    if train.kept < limits.min_rows:
        got = f"{train.kept} rows of {train.read} read"
        fix = "Add rows, or lower data.limits.min_rows."
        yield Problem(where="data.train", got=got, rule=f"at least {limits.min_rows} are learnt from", fix=fix)
    yield from _leaks(accounts, limits, folder)


def _leaks(accounts: Mapping[str, Account], limits: Limits, folder: Path) -> Iterator[Problem]:
    leaked = sum(n for reason, n in accounts["train"].removed.items() if reason.startswith("leaked"))
    held_out = accounts["eval"].kept + accounts["test"].kept
    if held_out and leaked / held_out > limits.leaked:
        yield Problem(
            where="data.train",
            got=f"{leaked} rows that stand in eval or test too, which hold {held_out}",
            rule=f"at most {limits.leaked:.0%} of what is held out is",
            fix=f"Hold out other rows. First: {_first(folder / 'removed.jsonl', 'train')}",
        )


def _first(path: Path, split: str) -> str:
    """The first entry of a split, as a sentence."""
    with path.open(encoding="utf-8") as lines:
        entry = next((each for each in map(json.loads, lines) if each["split"] == split), None)
    if entry is None:
        return "(none)"
    place = f"{entry['file']}:{entry['line']}"
    if "same_as" in entry:
        return f"{place} is as {entry['same_as']} ({entry['reason']})"
    return f"{place}: got {entry['got']}; {entry['rule']}. {entry['fix']}"
