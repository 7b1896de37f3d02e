"""Every construct has an example; each one synthesises to what the provider's schemas allow."""

import ast
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformElement, TerraformStack
from cdktf_cdktf_provider_databricks.catalog import Catalog
from cdktf_cdktf_provider_databricks.grants import Grants

ROOT = Path(__file__).resolve().parents[3]
PARTS = (
    "catalog",
    "compute",
    "databases",
    "iam",
    "jobs",
    "ml",
    "monitoring",
    "serving",
    "secrets",
    "storage",
    "workspace",
)
EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_makes_what_the_provider_takes(
    example: Path,
    stack: TerraformStack,
    synth: Callable[[], dict[str, Any]],
    schema_problems: Callable[[TerraformStack], list[str]],
) -> None:
    runpy.run_path(str(example))["build"](stack)

    made = synth()
    assert sum(len(each) for kind, each in made.items() if kind != "locals") > 0
    assert schema_problems(stack) == []
    told = " ".join(doc for name, doc in constructs().items() if f"{name}(" in example.read_text())
    assert [kind for kind in made if kind not in told and kind != "locals"] == []


def constructs() -> dict[str, str]:
    """The classes that people build with, by name, and what each says of itself."""
    package = ROOT / "constructs/brickyard_constructs"
    trees = [ast.parse(path.read_text()) for part in PARTS for path in sorted((package / part).glob("*.py"))]
    return {
        node.name: ast.get_docstring(node) or ""
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in ("Construct", "MultiTaskJob") for base in node.bases)
    }


@pytest.mark.parametrize("name", constructs())
def test_a_construct_has_an_example_and_says_what_it_creates(name: str) -> None:
    assert "Creates:" in constructs()[name]
    assert any(f"{name}(" in path.read_text() for path in EXAMPLES), "write one into tests/unit/constructs/examples"


@pytest.mark.parametrize(
    ("element", "told"),
    [
        (lambda stack: Catalog(stack, "c", name="c").add_override("nmae", "d"), "c.nmae is no argument"),
        (lambda stack: Catalog(stack, "c").add_override("force_destroy", "no"), "'no' is no bool"),
        (lambda stack: Catalog(stack, "c").add_override("properties", ["no"]), r"\['no'\] is no map"),
        (lambda stack: Grants(stack, "c", grant=[]), "c.grant stands 0 times"),
        (
            lambda stack: Grants(stack, "c", grant=[]).add_override("grant", [{"principal": "p"}]),
            "privileges is required",
        ),
    ],
)
def test_the_check_finds_what_the_provider_refuses(
    element: Callable[[TerraformStack], TerraformElement],
    told: str,
    stack: TerraformStack,
    schema_problems: Callable[[TerraformStack], list[str]],
) -> None:
    element(stack)

    (problem,) = schema_problems(stack)
    assert told.replace("\\", "") in problem
