"""A tokenizer trained on the spot and the chat templates that models have, in folders as base models come."""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tiny_models import write_tokenizer

Folder = Callable[..., Path]


@pytest.fixture
def model_folder(tmp_path: Path) -> Folder:
    """A folder with tokenizer and template; `template=None` is a base model's."""
    pytest.importorskip("tokenizers")

    def make(template: str | None = "chatml", config: Mapping[str, object] | None = None) -> Path:
        name = f"model-{zlib.crc32(repr((template, config)).encode())}"
        return write_tokenizer(tmp_path / name, template=template, config=config)

    return make
