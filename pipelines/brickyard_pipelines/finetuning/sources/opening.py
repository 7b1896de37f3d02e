"""From a source of the plan to its rows: which files, which format."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from brickyard_pipelines.finetuning.errors import Problem, UnusableData
from brickyard_pipelines.finetuning.plan.document import Format, Source
from brickyard_pipelines.finetuning.sources import files, texts
from brickyard_pipelines.finetuning.sources.lines import Found

_Reader = Callable[..., Iterator[Found]]
_SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    **dict.fromkeys(texts.PLAIN, "text"),
    **dict.fromkeys(texts.RICH, "documents"),
}
_READERS: Mapping[Format, tuple[_Reader, tuple[str, ...]]] = {
    "jsonl": (files.jsonl, (".jsonl", ".json")),
    "csv": (files.comma_separated, (".csv",)),
    "parquet": (files.parquet, (".parquet",)),
    "text": (texts.plain_text, texts.PLAIN),
    "documents": (texts.rich_text, texts.RICH),
}


def rows_of(source: Source, *, root: Path, max_bytes: int) -> Iterator[Found]:
    """Every row of a source, in the order of its files' names; paths are relative to the plan's folder.

    Errors: UnusableData when it cannot be read.
    """
    if source.table is not None:
        from brickyard_pipelines.finetuning.sources.delta import table_rows

        yield from table_rows(source.table, max_bytes=max_bytes, version=source.version)
        return
    for path, format_ in files_of(source, root=root):
        reader, _ = _READERS[format_]
        yield from reader(path, max_bytes=max_bytes)


def files_of(source: Source, *, root: Path) -> Sequence[tuple[Path, Format]]:
    """The files of a source that is a path, each with its format.

    Errors: UnusableData when there is none, one cannot be read, or is of a format that is not known.
    """
    path = local_path(source.path or "", root)
    if path.is_file():
        return [(path, source.format or _format(path))]
    if not path.is_dir():
        raise _refused(path, "no such file or folder", "a source is there", "Correct the path.")
    found = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith((".", "_")))
    wanted = _READERS[source.format][1] if source.format else tuple(_SUFFIXES)
    unread = sorted({each.suffix or each.name for each in found if each.suffix not in wanted})
    if unread:
        rule = f"a folder holds {', '.join(wanted)} only"
        raise _refused(path, f"files of the kind {', '.join(unread)}", rule, "Move them, or convert them first.")
    if not found:
        raise _refused(path, "an empty folder", "a source holds rows", "Put files there.")
    return [(each, source.format or _format(each)) for each in found]


def local_path(path: str, root: Path) -> Path:
    """A path of the plan as this machine has it: `dbfs:/Volumes/…` is `/Volumes/…`."""
    return root / path.removeprefix("dbfs:")


def _format(path: Path) -> Format:
    if path.suffix not in _SUFFIXES:
        known = ", ".join((*_SUFFIXES, *get_args(Format)))
        raise _refused(path, f"the suffix {path.suffix!r}", "the format is known", f"State format; known: {known}.")
    return _SUFFIXES[path.suffix]


def _refused(path: Path, got: str, rule: str, fix: str) -> UnusableData:
    return UnusableData([Problem(where=str(path), got=got, rule=rule, fix=fix)])
