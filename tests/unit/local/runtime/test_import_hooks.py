"""Changing a module right after a task imports it."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from brickyard_local.runtime.import_hooks import after_import


def test_a_module_is_changed_once_it_is_imported_and_keeps_its_loader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hooked_module.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = list(sys.meta_path)

    def change(module: ModuleType) -> None:
        module.value += 1  # type: ignore[attr-defined]

    after_import("hooked_module", change)
    assert "hooked_module" not in sys.modules
    module = importlib.import_module("hooked_module")
    assert module.value == 2
    assert type(module.__spec__.loader).__name__ == "SourceFileLoader"
    assert sys.meta_path == before


def test_a_module_that_is_missing_stays_missing() -> None:
    before = list(sys.meta_path)
    after_import("no_such_module_here", lambda _module: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module_here")
    assert sys.meta_path == before
