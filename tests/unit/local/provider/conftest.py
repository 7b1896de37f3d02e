"""Facts of the genuine provider, where they are at hand, and the schemas derived from the installed binding."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.provider.schema.cache import SchemaCache, schema_cache
from brickyard_local.provider.table import schema_versions


def _shared(name: str) -> Mapping[str, Any]:
    root = Path(os.environ.get("BRICKYARD_SHARED", Path(__file__).parents[4].parent / "shared"))
    path = root / "provider" / name
    if not path.exists():
        pytest.skip(f"the facts of the genuine provider are not here: {path}")
    facts: Mapping[str, Any] = json.loads(path.read_bytes())
    return facts


@pytest.fixture(scope="session")
def genuine_schemas() -> Mapping[str, Any]:
    return _shared("schema-1.99.0.json")


@pytest.fixture(scope="session")
def genuine_behaviour() -> Mapping[str, Any]:
    return _shared("behaviour-1.99.0.json")


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> SchemaCache:
    return schema_cache(tmp_path_factory.mktemp("cache"), schema_versions())
