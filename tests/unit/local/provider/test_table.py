"""The table of behaviour says what the genuine provider's code says."""

from collections.abc import Mapping
from typing import Any

import pytest

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.schema.cache import SchemaCache
from brickyard_local.provider.schema.model import Block
from brickyard_local.provider.table import data_source, data_source_types, resource, resource_types, schema_versions

# Plain differences which the dump of the genuine provider's SDK cannot show, or which it shows in another place.
KNOWN: Mapping[str, frozenset[str]] = {
    # Suppressed by code which compares the content's hash: `plan_md5`.
    "databricks_file": frozenset({"suppress md5"}),
    "databricks_notebook": frozenset({"suppress md5"}),
    "databricks_workspace_file": frozenset({"suppress md5"}),
    "databricks_dashboard": frozenset({"suppress serialized_dashboard"}),
    # Its elements go with it.
    "databricks_catalog": frozenset(
        {
            f"suppress effective_predictive_optimization_flag.{name}"
            for name in ("inherited_from_name", "inherited_from_type", "value")
        }
    ),
}


_DEFAULTS = {"true": True}  # the genuine provider's struct tags are text


def behaviour_of(type_name: str) -> Behaviour:
    found = resource(type_name)
    assert found is not None
    return found.behaviour


def facts(attributes: Mapping[str, Any]) -> set[str]:
    """One line per fact."""
    lines = set()
    for path, facts_ in attributes.items():
        if facts_.get("force_new"):
            lines.add(f"force_new {path}")
        if "default" in facts_:
            lines.add(f"default {path} {_DEFAULTS.get(facts_['default'], facts_['default'])}")
        if facts_.get("suppress"):
            lines.add(f"suppress {path}")
    return lines


def described(genuine_behaviour: Mapping[str, Any], type_name: str) -> Mapping[str, Any]:
    """What the dump says of a resource; those of the plugin framework are not in it."""
    if behaviour_of(type_name).framework:
        pytest.skip("the dump describes resources of Terraform's SDK: the parity test compares this one's plans")
    found: Mapping[str, Any] | None = genuine_behaviour.get(type_name)
    if found is None:
        pytest.skip("the dump leaves this one out: the parity test compares its plans")
    return found


def ours(behaviour: Behaviour) -> set[str]:
    return {
        *(f"force_new {path}" for path in behaviour.force_new),
        *(f"default {path} {value}" for path, value in behaviour.defaults.items()),
        *(f"suppress {path}" for path in behaviour.suppress),
    }


@pytest.mark.parametrize("type_name", resource_types())
def test_the_table_says_what_the_genuine_provider_does(type_name: str, genuine_behaviour: Mapping[str, Any]) -> None:
    theirs = described(genuine_behaviour, type_name)
    assert ours(behaviour_of(type_name)) ^ facts(theirs["attrs"]) == KNOWN.get(type_name, frozenset())
    assert schema_versions().get(type_name, 0) == theirs["version"]
    assert behaviour_of(type_name).schema_version == theirs["version"]


def paths(block: Block, prefix: str = "") -> set[str]:
    found = {f"{prefix}{name}" for name in (*block.attributes, *block.blocks)}
    for name, kind in block.blocks.items():
        found |= paths(kind.block, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("type_name", resource_types())
def test_every_path_of_the_table_is_one_of_the_schema(type_name: str, schemas: SchemaCache) -> None:
    behaviour = behaviour_of(type_name)
    named = {
        *behaviour.force_new,
        *behaviour.defaults,
        *behaviour.suppress,
        *behaviour.checks,
        *behaviour.canonical,
        *behaviour.computed_blocks,
        *behaviour.keeps,
        *behaviour.local,
        *behaviour.not_reported,
        *behaviour.reported,
        *behaviour.api_names,
        *(name for rule in behaviour.one_of for name in rule.names),
    }
    assert named - paths(schemas.resource(type_name).block) == set()


@pytest.mark.parametrize("type_name", resource_types())
def test_blocks_the_workspace_fills_in_are_the_genuine_ones(
    type_name: str, schemas: SchemaCache, genuine_behaviour: Mapping[str, Any]
) -> None:
    attributes = described(genuine_behaviour, type_name)["attrs"]
    blocks = {path for path in paths(schemas.resource(type_name).block) if _is_block(schemas, type_name, path)}
    computed = {path for path in blocks if attributes.get(path, {}).get("computed")}
    assert behaviour_of(type_name).computed_blocks == computed


def _is_block(schemas: SchemaCache, type_name: str, path: str) -> bool:
    block = schemas.resource(type_name).block
    *parents, last = path.split(".")
    for parent in parents:
        block = block.blocks[parent].block
    return last in block.blocks


@pytest.mark.parametrize("type_name", resource_types())
def test_a_resource_knows_its_own_name(type_name: str) -> None:
    found = resource(type_name)
    assert found is not None
    assert found.type_name == type_name


@pytest.mark.parametrize("type_name", data_source_types())
def test_a_data_source_knows_its_own_name(type_name: str) -> None:
    found = data_source(type_name)
    assert found is not None
    assert found.type_name == type_name


def test_what_is_not_emulated_is_none() -> None:
    assert resource("databricks_token") is None
    assert data_source("databricks_clusters") is None
