"""Derived schemas on disk: deriving takes about a second, reading them a few milliseconds.

A key names the binding package and this folder's code; another key is another folder. A folder appears complete
or not at all, so that several providers may start at once on an empty cache.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from brickyard_local.provider.errors import BindingUnreadable
from brickyard_local.provider.schema.encode import from_json, schemas_response, to_json
from brickyard_local.provider.schema.model import ProviderSchemas, Schema

BINDING = "cdktf_cdktf_provider_databricks"
_RESPONSE = "response.pb"


class SchemaCache:
    """The schemas of one binding, one file per type, read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def response(self) -> bytes:
        """The serialized GetProviderSchema.Response."""
        return (self._folder / _RESPONSE).read_bytes()

    def provider(self) -> Schema:
        return self._read("provider")

    def resource(self, type_name: str) -> Schema:
        return self._read(f"resource.{type_name}")

    def data_source(self, type_name: str) -> Schema:
        return self._read(f"data.{type_name}")

    def _read(self, name: str) -> Schema:
        return from_json(json.loads((self._folder / f"{name}.json").read_bytes()))


def schema_cache(cache: Path, versions: Mapping[str, int]) -> SchemaCache:
    """The cached schemas of the installed binding; derived first where they are not there.

    `versions` are the schema versions by resource type, which no binding carries.
    Errors: BindingUnreadable.
    """
    package = binding_package()
    folder = cache / "provider-schema" / _key(package, versions)
    if not (folder / _RESPONSE).exists():
        _write(folder, package, versions)
    return SchemaCache(folder)


def binding_package() -> Path:
    """The `.tgz` in the installed binding, found without importing it. Errors: BindingUnreadable."""
    spec = importlib.util.find_spec(BINDING)
    found = sorted(Path(spec.origin).parent.glob("_jsii/*.tgz")) if spec and spec.origin else []
    if not found:
        raise BindingUnreadable(f"{BINDING} is not installed", "Run `make setup`.")
    return found[0]


def _key(package: Path, versions: Mapping[str, int]) -> str:
    code = (package, *sorted(Path(__file__).parent.glob("*.py")))
    marks = [f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in code]
    return hashlib.sha256(repr((marks, sorted(versions.items()))).encode()).hexdigest()[:16]


def _write(folder: Path, package: Path, versions: Mapping[str, int]) -> None:
    from brickyard_local.provider.schema.derive import derive

    schemas = _with_versions(derive(package), versions)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    _write_json(draft / "provider.json", schemas.provider)
    for name, schema in schemas.resources.items():
        _write_json(draft / f"resource.{name}.json", schema)
    for name, schema in schemas.data_sources.items():
        _write_json(draft / f"data.{name}.json", schema)
    (draft / _RESPONSE).write_bytes(schemas_response(schemas))
    try:
        os.replace(draft, folder)  # noqa: PTH105  Path.replace is the same call
    except OSError:  # another provider was first: its folder holds the same
        shutil.rmtree(draft)


def _with_versions(schemas: ProviderSchemas, versions: Mapping[str, int]) -> ProviderSchemas:
    resources = {name: replace(schema, version=versions.get(name, 0)) for name, schema in schemas.resources.items()}
    return replace(schemas, resources=resources)


def _write_json(path: Path, schema: Schema) -> None:
    path.write_text(json.dumps(to_json(schema), separators=(",", ":")))
