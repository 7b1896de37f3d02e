"""Sources in, a frozen version out: read, decide, write, publish. A version that is there is found, not made again."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from brickyard_pipelines.finetuning.outputs import alone, file_hashes, place, write_json
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.preparation import limits, report
from brickyard_pipelines.finetuning.preparation.account import SPLITS, Account
from brickyard_pipelines.finetuning.preparation.deciding import Decider, Fate, twins_of
from brickyard_pipelines.finetuning.preparation.keeping import Keeper, indices
from brickyard_pipelines.finetuning.preparation.quarantine import Quarantine
from brickyard_pipelines.finetuning.preparation.reading import Reader
from brickyard_pipelines.finetuning.preparation.spool import Spool
from brickyard_pipelines.finetuning.preparation.version import (
    MANIFEST,
    Version,
    VersionWriter,
    open_version,
    version_id,
)
from brickyard_pipelines.finetuning.rows.refusals import Reason, Refusal
from brickyard_pipelines.finetuning.templates.masks import Masker, loss_tokens, masker_of
from brickyard_pipelines.finetuning.templates.tokenizer import read_tokenizer

_BESIDE = ("quarantine.jsonl", "removed.jsonl", "report.html")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """What the three passes share."""

    folder: Path
    plan: Plan
    masker: Masker
    spool: Spool
    quarantine: Quarantine
    accounts: Mapping[str, Account]
    tables: set[str] = field(default_factory=set)


def prepare(plan: Plan, *, root: Path, model: Path, output: Path) -> Version:
    """The version of the plan's data for one base model, under `output`; paths are relative to `root`.

    Errors: UnsupportedModel, UnusableTemplate, UnusableData (the limits of the plan), OutputTaken.
    """
    masker = masker_of(read_tokenizer(model), plan.approach)
    with alone(output, "preparation"), tempfile.TemporaryDirectory(prefix="finetuning-prepare-") as name:
        folder = Path(name)
        work = _Work(
            folder=folder,
            plan=plan,
            masker=masker,
            spool=Spool(folder),
            quarantine=Quarantine(folder),
            accounts={split: Account() for split in SPLITS},
        )
        samples, decider = _read(work, root)
        rows, files = _write(work, decider)
        for split, account in work.accounts.items():
            account.check(split)
        limits.check(work.accounts, plan.data.limits, folder)
        return _publish(work, output, rows, files, samples)


def _read(work: _Work, root: Path) -> tuple[list[dict[str, Any]], Decider]:
    """The first pass: samples for the report, and who decides about every row."""
    keeper = Keeper(data=work.plan.data, spool=work.spool, indices=indices(work.folder))
    reader = Reader(
        plan=work.plan,
        root=root,
        masker=work.masker,
        keeper=keeper,
        quarantine=work.quarantine,
        accounts=work.accounts,
        tables=work.tables,
    )
    try:
        reader.read()
    finally:
        work.spool.close()
    twins = twins_of(work.folder, work.spool, keeper.indices, threshold=work.plan.data.near_duplicates.threshold)
    return keeper.samples, Decider(work.folder, twins, work.spool.rows)


def _write(work: _Work, decider: Decider) -> tuple[Mapping[str, str], list[str]]:
    """The second pass: kept rows into files, the others named; hashes of the rows, and the files."""
    writer, row = VersionWriter(work.folder), 0
    for batch in work.spool.batches():
        columns = {name: batch[name].to_pylist() for name in ("split", "file", "line")}
        lengths = np.diff(batch["ids"].offsets.to_numpy()).tolist()
        sizes = zip(lengths, batch["begins"].to_pylist(), batch["ends"].to_pylist(), strict=True)
        kept: dict[str, list[int]] = {split: [] for split in SPLITS}
        for number, (length, begins, ends) in enumerate(sizes):
            split = columns["split"][number]
            fate = decider.fate(row + number, SPLITS.index(split) + 1)
            if fate.reason is None:
                kept[split].append(number)
                work.accounts[split].keep(length, loss_tokens(zip(begins, ends, strict=True)))
            else:
                _let_go(work, split, columns["file"][number], columns["line"][number], fate)
        for split, numbers in kept.items():
            writer.write(split, batch.take(pa.array(numbers, type=pa.int64())))
        row += batch.num_rows
    rows = writer.close()
    work.quarantine.close()
    return rows, writer.files


def _let_go(work: _Work, split: str, file: str, line: int, fate: Fate) -> None:
    same_as = work.spool.place(fate.same_as)
    if fate.reason == Reason.DUPLICATE_ID.value:
        fix = f"{same_as} has it too, with another row; give one of them another id."
        refusal = Refusal(reason=Reason.DUPLICATE_ID, got="an id twice", rule="ids are unique", fix=fix)
        work.accounts[split].refused[fate.reason] += 1
        work.quarantine.refuse(split, file, line, refusal)
        return
    work.accounts[split].removed[str(fate.reason)] += 1
    work.quarantine.remove(split, file, line, reason=str(fate.reason), same_as=same_as)


def _publish(
    work: _Work, output: Path, rows: Mapping[str, str], files: list[str], samples: list[dict[str, Any]]
) -> Version:
    """The version in its place; the manifest comes last, and without it there is none."""
    settings = _settings(work)
    splits = {split: account.as_json() for split, account in work.accounts.items()}
    version = version_id(settings, rows, splits, file_hashes(work.folder, ["quarantine.jsonl", "removed.jsonl"]))
    target = output / version
    if (target / MANIFEST).is_file():
        return open_version(target)
    manifest = {"version": version, "settings": settings, "rows_sha256": rows, "splits": splits}
    page = report.page(work.plan, version, splits, samples, way=work.masker.way)
    (work.folder / "report.html").write_text(page, encoding="utf-8")
    manifest |= {"tables": sorted(work.tables), "files": file_hashes(work.folder, [*files, *_BESIDE])}
    target.mkdir(exist_ok=True)
    for name in (*files, *_BESIDE):
        place(work.folder / name, target / name)
    write_json(target / MANIFEST, manifest)
    return open_version(target)


def _settings(work: _Work) -> dict[str, Any]:
    """What the rows depend on beside the sources: approach, limits, tokenizer."""
    data = {name: value for name, value in asdict(work.plan.data).items() if name not in ("train", "eval", "test")}
    return {
        "approach": work.plan.approach,
        "data": data,
        "tokenizer_sha256": work.masker.tokenizer.sha256,
        "stop_token_ids": sorted(work.masker.stop_ids()),
        "pad_token_id": work.masker.tokenizer.pad,
        "eos_token_id": work.masker.tokenizer.eos,
    }
