"""Tags on what Unity Catalog holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis

from brickyard_constructs.catalog import EntityTags, EntityTagsProps, TaggedEntity
from brickyard_constructs.errors import InvalidProps, TwoOwners


def props(**changes: Any) -> EntityTagsProps:
    settings: dict[str, Any] = {"entity": TaggedEntity.TABLE, "name": "dev.gold.t", "tags": {"owner": "team"}}
    return EntityTagsProps(**settings | changes)


def test_a_tag_is_an_assignment_of_its_own(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    EntityTags(stack, "tags", props(tags={"owner": "team", "cost center": "42"}, full_name="${x.t.id}"))

    made = {t["tag_key"]: t for t in synth()["databricks_entity_tag_assignment"].values()}
    assert made.keys() == {"owner", "cost center"}
    assert made["owner"] == {
        "entity_name": "${x.t.id}",
        "entity_type": "tables",
        "tag_key": "owner",
        "tag_value": "team",
    }


def test_two_constructs_may_set_different_tags_of_one_entity_but_not_the_same(stack: TerraformStack) -> None:
    EntityTags(stack, "one", props())
    EntityTags(stack, "two", props(tags={"project": "churn"}))

    with pytest.raises(
        TwoOwners, match=r"tag owner of tables dev\.gold\.t has two owners .* stack/one and stack/three"
    ):
        EntityTags(stack, "three", props())


def test_an_adopted_tag_is_imported(stack: TerraformStack) -> None:
    EntityTags(stack, "one", props(ownership="adopt"))

    assert [b["id"] for b in json.loads(Synthesis.synth(stack))["import"]] == ["tables,dev.gold.t,owner"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tags": {}}, "tags: got"),
        ({"tags": {"a.b": "c"}}, "none of . , - = / :"),
        ({"tags": {" a": "c"}}, "no space at an end"),
        ({"tags": {"a" * 256: "c"}}, "1 to 255 characters"),
        ({"tags": {"a": "c" * 1001}}, "at most 1000 characters"),
        ({"tags": {f"k{n}": "" for n in range(51)}}, "tags: got 51; an entity carries at most 50"),
        ({"ownership": "reference"}, "others' tags are left alone"),
    ],
)
def test_a_tag_that_databricks_would_refuse_is_refused_before(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        props(**changes)
