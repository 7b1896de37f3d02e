"""Loads a model as an endpoint would, and says how that went: run as a file, in a process of its own.

Only what the model's requirements name (and need in turn), the standard library and the model's own `code` folder can
be imported here; a library of the wrong version is told. Nothing of ours is imported, since an endpoint has nothing
of ours.

    python -I serving_child.py MODEL_FOLDER REQUEST.json ANSWER.json
"""

import importlib.abc
import importlib.machinery
import importlib.metadata
import json
import sys
import sysconfig
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_WARM_UP, _TIMED = 5, 100


class OnlyWhatIsRequired(importlib.abc.MetaPathFinder):
    """Hides every module that neither Python, nor a requirement, nor the model's own code brings.

    It stands in the place of all other finders, so that who only asks whether a module is there hears that it is not.
    """

    def __init__(self, allowed: set[str], code: list[str], others: Sequence[Any]) -> None:
        self._allowed = allowed | set(sys.stdlib_module_names)
        self._code = code
        self._others = others
        self.refused: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """None for what is hidden."""
        top = name.partition(".")[0]
        if top in self._allowed:
            return self._elsewhere(name, path, target)
        inside = path if "." in name else None
        own = importlib.machinery.PathFinder.find_spec(name, inside or self._code, target)
        if own is not None and _is_below(own, self._code):
            return own
        there = self._elsewhere(name, inside, target)
        if there is None or _is_pythons_own(there):
            return there
        self.refused.add(top)
        return None

    def find_distributions(self, *context: Any) -> Iterator[Any]:
        """Versions of what is installed, which libraries ask for as they load."""
        for finder in self._others:
            if hasattr(finder, "find_distributions"):
                yield from finder.find_distributions(*context)

    def _elsewhere(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> importlib.machinery.ModuleSpec | None:
        return next(filter(None, (finder.find_spec(name, path, target) for finder in self._others)), None)


def main(folder: str, request: str, answer: str) -> None:
    """Write what was found; an error is found, too."""
    model = Path(folder)
    found: dict[str, Any] = {"model_mb": sum(f.stat().st_size for f in model.rglob("*") if f.is_file()) / 1e6}
    finder = None
    try:
        lines = _lines(model / "requirements.txt")
        allowed, found["wrong_versions"], found["distributions"] = _closure(lines)
        code = [str(path) for path in (model / "code",) if path.is_dir()]
        finder = OnlyWhatIsRequired(allowed, code, list(sys.meta_path))  # editable installs bring finders, too
        sys.meta_path[:] = [finder]
        found |= _answered(model, json.loads(Path(request).read_text()))
    except Exception as error:  # noqa: BLE001 - whatever it is, it would happen in the endpoint as well
        found["error"] = f"{type(error).__name__}: {error}"
        found["trace"] = traceback.format_exc()[-2000:]
    found["refused"] = sorted(finder.refused) if finder else []
    Path(answer).write_text(json.dumps(found))


def _answered(model: Path, request: dict[str, Any]) -> dict[str, Any]:
    begin = time.perf_counter()
    import mlflow.pyfunc
    from mlflow.utils.proto_json_utils import dataframe_from_parsed_json

    loaded = mlflow.pyfunc.load_model(str(model))
    load_s = time.perf_counter() - begin
    schema = loaded.metadata.get_input_schema()
    # A request as the scoring server reads one: by JSON, and by the model's own schema.
    frame = dataframe_from_parsed_json(request, pandas_orient="split", schema=schema)  # type: ignore[no-untyped-call]
    answers = [float(value) for value in loaded.predict(frame)]
    took_ms = []
    for number in range(_WARM_UP + _TIMED):
        row = frame.iloc[[number % len(frame)]]
        begin = time.perf_counter()
        loaded.predict(row)
        took_ms.append((time.perf_counter() - begin) * 1000)
    timed = sorted(took_ms[_WARM_UP:])
    return {"load_s": load_s, "answers": answers, "latency_ms_p95": timed[int(len(timed) * 0.95)]}


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text().splitlines() if line.strip() and not line.startswith(("#", "-"))]


def _closure(lines: list[str]) -> tuple[set[str], list[str], int]:
    """Top-level modules of the requirements and of what they need, those of a wrong version, and how many there are."""
    from packaging.requirements import Requirement

    modules: set[str] = set()
    wrong, seen = [], set()
    waiting = [(Requirement(line), True) for line in lines]
    while waiting:
        requirement, is_own = waiting.pop()
        known = (requirement.name.lower().replace("_", "-"), frozenset(requirement.extras))
        if known in seen:
            continue
        seen.add(known)
        try:
            distribution = importlib.metadata.distribution(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong += [f"{requirement} is not installed here"] if is_own else []
            continue
        if is_own and not requirement.specifier.contains(distribution.version, prereleases=True):
            wrong.append(f"{requirement} is required, {distribution.version} is installed here")
        modules |= _modules(distribution)
        for text in distribution.requires or []:
            needed = Requirement(text)
            extras = [*requirement.extras, ""]
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append((needed, False))
    return modules, wrong, len({name for name, _ in seen})


def _modules(distribution: importlib.metadata.Distribution) -> set[str]:
    tops = {file.parts[0] for file in distribution.files or [] if file.parts}
    return {top.partition(".")[0] for top in tops} - {"", "__pycache__"}


def _is_pythons_own(spec: importlib.machinery.ModuleSpec) -> bool:
    """Whether a module lies with the standard library: what is installed lies in a folder of its own within."""
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    installed = {"site-packages", "dist-packages"} & set(Path(spec.origin or "").parts)
    return not installed and _is_below(spec, folders)


def _is_below(spec: importlib.machinery.ModuleSpec, folders: list[str]) -> bool:
    places = [spec.origin or "", *(spec.submodule_search_locations or [])]
    return any(Path(folder) in Path(place).parents for folder in folders for place in places if place)


if __name__ == "__main__":
    main(*sys.argv[1:])
