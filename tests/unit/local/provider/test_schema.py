"""Schemas derived from the installed binding are those of the genuine provider."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.provider.errors import BindingUnreadable
from brickyard_local.provider.schema.cache import SchemaCache, binding_package, schema_cache
from brickyard_local.provider.schema.derive import derive
from brickyard_local.provider.schema.encode import from_json, to_json
from brickyard_local.provider.schema.model import Attribute, Block, NestedObject
from brickyard_local.provider.schema.typescript import sources_of
from brickyard_local.provider.table import data_source_types, resource_types, schema_versions
from brickyard_local.provider.wire.messages import message

FLAGS = ("required", "optional", "computed", "sensitive")


def differences(path: str, ours: Block | NestedObject, theirs: Mapping[str, Any]) -> Iterator[str]:
    blocks = ours.blocks if isinstance(ours, Block) else {}
    names = dict.fromkeys(ours.attributes, "attribute") | dict.fromkeys(blocks, "block")
    expected = dict.fromkeys(theirs.get("attributes", {}), "attribute")
    assert names == expected | dict.fromkeys(theirs.get("block_types", {}), "block"), path
    for name, attribute in ours.attributes.items():
        yield from of_attribute(f"{path}.{name}", attribute, theirs["attributes"][name], type(ours))
    for name, kind in blocks.items():
        other = theirs["block_types"][name]
        counts = (other["nesting_mode"], other.get("min_items", 0), other.get("max_items", 0))
        if (kind.nesting, kind.min_items, kind.max_items) != counts:
            yield f"{path}.{name}: {kind.nesting, kind.min_items, kind.max_items} is not {counts}"
        yield from differences(f"{path}.{name}", kind.block, other["block"])


def of_attribute(path: str, ours: Attribute, theirs: Mapping[str, Any], owner: type) -> Iterator[str]:
    for flag in FLAGS:
        # Inside a computed object the genuine schema writes "optional" for "optional and computed".
        if owner is NestedObject and flag == "computed":
            continue
        if getattr(ours, flag) != theirs.get(flag, False):
            yield f"{path}.{flag}"
    if ours.nested is None:
        if ours.type != theirs.get("type"):
            yield f"{path}: {ours.type} is not {theirs.get('type')}"
    elif "nested_type" in theirs:
        if ours.nested.nesting != theirs["nested_type"]["nesting_mode"]:
            yield f"{path}: nesting {ours.nested.nesting}"
        yield from differences(path, ours.nested, theirs["nested_type"])
    else:
        yield f"{path}: a nested object is not {theirs['type']}"


# A list of objects either way; Terraform writes the same values.
HARMLESS = {"databricks_online_table.status", "databricks_sql_endpoint.health", "databricks_sql_endpoint.odbc_params"}


def _is_harmless(text: str) -> bool:
    return text.partition(":")[0] in HARMLESS


@pytest.mark.parametrize("type_name", resource_types())
def test_emulated_resources_have_the_genuine_schema(
    type_name: str, schemas: SchemaCache, genuine_schemas: Mapping[str, Any]
) -> None:
    ours, theirs = schemas.resource(type_name), genuine_schemas["resource_schemas"].get(type_name)
    if theirs is None:
        pytest.skip("the facts leave this one out: the parity test compares its plans")
    found = [text for text in differences(type_name, ours.block, theirs["block"]) if not _is_harmless(text)]
    assert found == []
    assert ours.version == theirs["version"]


@pytest.mark.parametrize("type_name", data_source_types())
def test_emulated_data_sources_have_the_genuine_schema(
    type_name: str, schemas: SchemaCache, genuine_schemas: Mapping[str, Any]
) -> None:
    theirs = genuine_schemas["data_source_schemas"].get(type_name)
    if theirs is None:
        pytest.skip("the facts leave this one out: the parity test compares what it finds")
    assert list(differences(type_name, schemas.data_source(type_name).block, theirs["block"])) == []


def test_the_provider_block_is_the_genuine_one(schemas: SchemaCache, genuine_schemas: Mapping[str, Any]) -> None:
    ours = schemas.provider().block
    assert list(differences("provider", ours, genuine_schemas["provider"]["block"])) == []


def test_resources_which_are_not_emulated_differ_in_known_ways_only(
    schemas: SchemaCache, genuine_schemas: Mapping[str, Any]
) -> None:
    found = {
        difference
        for name, theirs in genuine_schemas["resource_schemas"].items()
        for difference in differences(name, schemas.resource(name).block, theirs["block"])
    }
    assert {text.partition(":")[0] for text in found} == HARMLESS


def test_every_resource_of_the_binding_is_known_to_terraform(schemas: SchemaCache) -> None:
    response = message("GetProviderSchemaResponse").FromString(schemas.response())
    assert len(response.resource_schemas) > 130
    assert len(response.data_source_schemas) > 100
    assert response.resource_schemas["databricks_job"].version == 2
    assert response.server_capabilities.get_provider_schema_optional


def test_secrets_are_sensitive(schemas: SchemaCache) -> None:
    job = schemas.resource("databricks_job").block.blocks["new_cluster"].block
    image = job.blocks["docker_image"].block.blocks["basic_auth"].block
    assert image.attributes["password"].sensitive
    assert schemas.provider().block.attributes["token"].sensitive
    assert not schemas.provider().block.attributes["host"].sensitive


def test_a_schema_survives_the_cache(schemas: SchemaCache) -> None:
    job = schemas.resource("databricks_job")
    assert from_json(to_json(job)) == job


def test_a_second_start_derives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = schema_cache(tmp_path, schema_versions()).response()
    monkeypatch.setattr("brickyard_local.provider.schema.derive.derive", lambda _: pytest.fail("derived again"))
    assert schema_cache(tmp_path, schema_versions()).response() == first


def test_the_cache_holds_no_half_written_folder(tmp_path: Path) -> None:
    schema_cache(tmp_path, schema_versions())
    assert [folder.name.startswith("draft-") for folder in (tmp_path / "provider-schema").iterdir()] == [False]


def test_a_foreign_package_is_named(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(tmp_path / "a.tgz", "w:gz"):
        pass
    with pytest.raises(BindingUnreadable, match="TerraformProvider"):
        derive(tmp_path / "a.tgz")


def test_a_broken_source_map_is_named() -> None:
    with pytest.raises(BindingUnreadable, match="source map"):
        list(sources_of("//# sourceMappingURL=data:application/json;base64,e30="))


def test_the_binding_is_found_without_importing_it() -> None:
    assert binding_package().suffix == ".tgz"
