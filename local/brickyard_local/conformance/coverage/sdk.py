"""The REST calls of the installed databricks-sdk, read from its source."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DOERS = {"do", "_do"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method of a client class, and one request that it may send; `path` has `{}` for every parameter."""

    service: str
    client: str
    name: str
    verb: str
    path: str


def methods() -> list[Method]:
    """Every REST call of every service. Gaps: hand-written mixins, which call these."""
    import databricks.sdk.service as package

    folder = Path(package.__path__[0])
    return [found for file in sorted(folder.glob("[a-z]*.py")) for found in _of_service(file)]


def _of_service(file: Path) -> Iterator[Method]:
    for owner in ast.parse(file.read_text()).body:
        if isinstance(owner, ast.ClassDef) and owner.name.endswith("API"):
            for function in owner.body:
                if isinstance(function, ast.FunctionDef):
                    for verb, path in _calls(function):
                        client = owner.name.removesuffix("API")
                        yield Method(service=file.stem, client=client, name=function.name, verb=verb, path=path)


def _calls(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _DOERS:
            continue
        if len(node.args) >= 2 and isinstance(node.args[0], ast.Constant):
            path = _text(node.args[1])
            if path is not None:
                yield str(node.args[0].value), path


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None
