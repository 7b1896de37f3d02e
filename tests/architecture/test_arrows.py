"""Who may import whom (docs/adr/0001-one-house.md). Each rule says why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "brickyard": "cli",
    "brickyard_constructs": "constructs",
    "brickyard_local": "local",
    "brickyard_pipelines": "pipelines",
    "brickyard_review": "review",
    "brickyard_stacks": "stacks",
}
CDKTF = {"cdktf", "cdktf_cdktf_provider_databricks", "constructs"}
OURS = set(PACKAGES)

# package -> the packages of ours, and of cdktf's, that it may import, and because.
RULES = {
    "brickyard_stacks": (CDKTF | {"brickyard_constructs"}, "main builds stacks, stacks build constructs"),
    "brickyard_constructs": (CDKTF, "a building block does not know who builds with it"),
    "brickyard_pipelines": (set(), "the wheel runs on Databricks, where nothing of ours but itself is installed"),
    "brickyard_local": (set(), "the local workspace knows HTTP and processes, as Databricks would"),
    "brickyard_review": (set(), "the review knows plan JSON and nothing else: any Terraform project may use it"),
    "brickyard": (OURS, "the command is thin and starts everything, but cdktf it only runs as a process"),
}

# They are packed with a model, under a name that carries their content, and loaded where nothing of ours is installed.
TRAVELLING = (
    "pipelines/brickyard_pipelines/finetuning/registration/brickyard_stream/",
    "pipelines/brickyard_pipelines/ml/features/brickyard_request/",
    "pipelines/brickyard_pipelines/ml/training/brickyard_answers.py",
)


def modules(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / PACKAGES[package] / package).rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text(), str(path))


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every imported module with its line, those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


@pytest.mark.parametrize("package", RULES)
def test_imports_go_one_way(package: str) -> None:
    allowed, because = RULES[package]
    guarded = (OURS | CDKTF) - allowed - {package}

    wrong = [
        f"{path}:{line} imports {name}"
        for path, tree in modules(package)
        for line, name in imports(tree)
        if name.split(".")[0] in guarded
    ]

    assert not wrong, f"{because}: {wrong}"


def test_the_entry_point_builds_stacks_and_nothing_else() -> None:
    names = {name.split(".")[0] for _, name in imports(ast.parse((ROOT / "main.py").read_text()))}

    assert names & (OURS | CDKTF) == {"brickyard_stacks"}


def test_the_bindings_of_aws_are_read_by_nobody() -> None:
    """Their 54 MB take about ten seconds of a synthesis: brickyard_constructs/storage/aws.py says what is done."""
    wrong = [
        f"{path}:{line}"
        for package in PACKAGES
        for path, tree in modules(package)
        for line, name in imports(tree)
        if name.startswith("cdktf_cdktf_provider_aws")
    ]

    assert not wrong, wrong


def test_settings_know_no_terraform() -> None:
    """The command line reads settings on every start, and cdktf takes a second to load."""
    parts = ("settings", "names.py", "errors.py", "permissions.py")
    wrong = [
        f"{path}:{line} imports {name}"
        for path, tree in modules("brickyard_stacks")
        if path.parts[2] in parts
        for line, name in imports(tree)
        if name.split(".")[0] in CDKTF | {"brickyard_constructs"}
    ]

    assert not wrong, wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_are_absolute(package: str) -> None:
    wrong = [
        f"{path}:{line}"
        for path, tree in modules(package)
        if not path.as_posix().startswith(TRAVELLING)
        for line, name in imports(tree)
        if name.startswith(".")
    ]

    assert not wrong, f"a relative import hides which part it reaches into: {wrong}"


@pytest.mark.parametrize("place", TRAVELLING)
def test_what_travels_with_a_model_imports_nothing_of_ours_but_its_neighbours(place: str) -> None:
    found = [(path, tree) for path, tree in modules("brickyard_pipelines") if path.as_posix().startswith(place)]
    assert found
    neighbours = {f".{path.stem}" for path, _ in found}
    wrong = [
        f"{path}:{line} imports {name}"
        for path, tree in found
        for line, name in imports(tree)
        if name.split(".")[0] in OURS | CDKTF or (name.startswith(".") and name not in neighbours)
    ]

    assert not wrong, wrong


def test_services_of_the_local_workspace_meet_only_where_they_are_composed() -> None:
    """A service is a folder; another service is reached through what `composition` hands over, as over HTTP."""
    home = ROOT / "local" / "brickyard_local"
    marks = ("service.py", "compose.py")
    services = {p.name for p in home.iterdir() if any((p / mark).is_file() for mark in marks)}
    assert len(services) > 10
    wrong = [
        f"{path}:{line} imports {name}"
        for path, tree in modules("brickyard_local")
        for line, name in imports(tree)
        if path.parts[2] in services
        and name.startswith("brickyard_local.")
        and name.split(".")[1] in services - {path.parts[2]}
    ]

    assert not wrong, wrong


def test_every_construct_says_what_it_creates_and_where_that_is_documented() -> None:
    undocumented = [
        f"{path}: {node.name}"
        for path, tree in modules("brickyard_constructs")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Construct" for base in node.bases)
        and not all(part in (ast.get_docstring(node) or "") for part in ("Creates: ", "Source: "))
    ]

    assert not undocumented
