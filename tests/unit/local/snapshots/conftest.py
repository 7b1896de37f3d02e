"""A home with an account and some files, without a server."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from brickyard_local.account import Account, Home, WorkspaceSpec
from brickyard_local.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What tests change and look at: one document, one file of the home, one file beside it."""

    home: Home
    terraform: Path

    @property
    def beside(self) -> dict[str, Path]:
        return {"terraform": self.terraform}

    def write(self, text: str) -> None:
        Store(self.home.database).put("notes", "n", {"text": text})
        (self.home.files / "a.txt").write_text(text)
        (self.terraform / "local.tfstate").write_text(text)

    def read(self) -> set[str]:
        note = Store(self.home.database).get("notes", "n") or {"text": "no document"}
        files = (self.home.files / "a.txt", self.terraform / "local.tfstate")
        return {note["text"], *(file.read_text() for file in files)}


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    home = Home(root=tmp_path / "a clone" / "local", cache=tmp_path / "cache")
    home.create()
    terraform = tmp_path / "a clone" / "state"
    terraform.mkdir()
    account = Account(Store(home.database), home)
    account.admin_token()
    account.ensure_workspace(WorkspaceSpec(name="local"))
    found = Saved(home=home, terraform=terraform)
    found.write("first")
    return found
