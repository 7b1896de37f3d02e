"""What existed before Terraform: import blocks that `brickyard adopt` has written, one file for each environment.

The file is `environments/<name>.imports.json`. Once the imports are applied they do nothing; what an entry keeps
stays as it was found until its line is taken out.
"""

from pathlib import Path
from typing import Annotated, Any

from cdktf import TerraformStack
from pydantic import Field, RootModel, ValidationError

from brickyard_stacks.errors import InvalidSettings, Problem
from brickyard_stacks.settings.strict import Strict, Texts

Address = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9_]+\.[A-Za-z0-9_-]+(\[[0-9]+\])?$",
        description="an address of the stack's cdk.tf.json, such as databricks_catalog.catalog_3F0047B1",
    ),
]


class ImportBlock(Strict):
    """One object that is there already: its address in the stack, its id, and the attributes that stay as found.

    Without an id the stack imports it by itself, since its settings say so.
    """

    to: Address
    id: Annotated[str, Field(min_length=1, description="the id that Terraform imports by")] | None = None
    keep: Texts = ()


class Imports(RootModel[dict[str, list[ImportBlock]]]):
    """Import blocks by stack."""


def imports_file(root: Path, environment: str) -> Path:
    """Where the import blocks of an environment lie."""
    return root / "environments" / f"{environment}.imports.json"


def read_imports(root: Path, environment: str) -> dict[str, list[ImportBlock]]:
    """The import blocks by stack; none where there is no file. Errors: InvalidSettings."""
    file = imports_file(root, environment)
    if not file.exists():
        return {}
    try:
        return Imports.model_validate_json(file.read_text()).root
    except ValidationError as error:
        problems = [
            Problem(
                file=file,
                line=1,
                key=".".join(map(str, details["loc"])),
                got=repr(details["input"])[:80],
                rule=details["msg"],
                fix=f"write it again: `brickyard adopt {environment} --replace`",
            )
            for details in error.errors()
        ]
        raise InvalidSettings(problems) from error


def add_imports(stack: TerraformStack, *, name: str, environment: str, root: Path) -> None:
    """Put the stack's import blocks into what it synthesises. Errors: InvalidSettings."""
    blocks = read_imports(root, environment).get(name, [])
    if not blocks:
        return
    written: list[Any] = [{"to": block.to, "id": block.id} for block in blocks if block.id is not None]
    if written:
        stack.add_override("import", written)
    for block in blocks:
        if block.keep:
            resource = block.to.partition("[")[0]
            stack.add_override(f"resource.{resource}.lifecycle.ignore_changes", list(block.keep))
