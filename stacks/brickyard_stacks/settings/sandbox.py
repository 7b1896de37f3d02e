"""The record of a personal sandbox: whose it is and its last day, which must not move with every plan.

It lies outside of git, in `.brickyard/sandboxes/<environment>/<name>.yaml`: nobody else's clone needs it.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from brickyard_stacks.settings.document import Document, read_document
from brickyard_stacks.settings.load import parse, same_name
from brickyard_stacks.settings.stages import Stage
from brickyard_stacks.settings.strict import Form, Kebab, Strict, TagText

DEFAULT_DAYS = 14
SANDBOX_STAGES: tuple[Stage, ...] = ("local", "dev")
# Names of objects hold it, the environment's and the project's: all three have to fit.
MAX_NAME = 20

SandboxName = Annotated[
    Kebab,
    Field(max_length=MAX_NAME),
    Form("lower-case letters, digits and single dashes, starting with a letter"),
]


class SandboxRecord(Strict):
    """One engineer's own copy of the projects; the owner and the last day become tags."""

    name: SandboxName = Field(description="as the file is called")
    owner: TagText = Field(description="the principal who deploys it: a user name or an application id")
    expires: date = Field(description="its last day, as 2026-12-24")


def sandbox_file(root: Path, environment: str, name: str) -> Path:
    """Where a sandbox's record lies in a clone."""
    return root / ".brickyard" / "sandboxes" / environment / f"{name}.yaml"


def load_sandbox(path: Path) -> SandboxRecord:
    """Read a record. Errors: InvalidSettings, as load_environment."""
    return sandbox_of(read_document(path))


def sandbox_of(document: Document) -> SandboxRecord:
    """The record that a document holds. Errors: InvalidSettings."""
    record = parse(document, SandboxRecord)
    same_name(document, record.name, document.file.stem, f"the file is called {document.file.name}")
    return record


def sandbox_text(record: SandboxRecord) -> str:
    """The record as its file holds it; every value is of a form that needs no more than quotes."""
    return f'name: {record.name}\nowner: "{record.owner}"\nexpires: {record.expires.isoformat()}\n'
