"""What `brickyard adopt` decides from an inventory, a synthesised stack and a plan; no workspace is asked."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard.adopt.access import Access, Right, load_access, save_access
from brickyard.adopt.blocks import Block, prove, write_blocks
from brickyard.adopt.inventory import Found, Inventory
from brickyard.adopt.projects import project_documents
from brickyard.adopt.synthesised import StackNames
from brickyard.errors import BrickyardError, CannotAdopt
from brickyard.terraform import Change
from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.imports import imports_file, read_imports

RIGHTS = st.frozensets(
    st.builds(
        Right,
        kind=st.sampled_from(["catalog", "schema"]),
        name=st.sampled_from(["a", "a.b"]),
        principal=st.sampled_from(["ana", "bo"]),
        privilege=st.sampled_from(["SELECT", "MODIFY", "OWNER"]),
    )
)


@given(before=RIGHTS, after=RIGHTS)
def test_a_right_is_lost_gained_or_kept_and_never_two_of_them(
    before: frozenset[Right], after: frozenset[Right]
) -> None:
    was, now = Access(rights=before), Access(rights=after)
    lost, gained = set(was.lost(now)), set(was.gained(now))

    assert lost.isdisjoint(gained)
    assert (before - lost) | gained == after
    assert not was.lost(was)


def test_what_was_noted_is_what_is_compared_with(tmp_path: Path) -> None:
    right = Right(kind="catalog", name="a", principal="ana", privilege="SELECT")
    file = tmp_path / "noted" / "access.json"
    save_access(Access(rights=frozenset({right})), file)

    assert load_access(file, "dev").rights == {right}
    file.write_text('{"rights": [{"kind": "catalog"}]}')
    with pytest.raises(BrickyardError, match="brickyard adopt dev"):
        load_access(file, "dev")


def stack(**more: Any) -> StackNames:
    document: dict[str, Any] = {
        "resource": {
            "databricks_catalog": {"c": {"name": "sales"}},
            "databricks_schema": {"s": {"catalog_name": "${databricks_catalog.c.name}", "name": "bronze"}},
            "databricks_job": {"j": {"name": "nightly"}},
            **more,
        },
        "data": {"databricks_service_principal": {"p": {"display_name": "robot"}}},
    }
    found = {
        "job": (Found(name="nightly", id="7"),),
        "service principal": (Found(name="robot", id="8", facts={"application_id": "app-8"}),),
    }
    return StackNames(document=document, inventory=Inventory(catalog="sales", found=found, unseen=()))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("plain", "plain"),
        ("${databricks_schema.s.id}", "sales.bronze"),
        ("schema/${databricks_schema.s.id}", "schema/sales.bronze"),
        ("${databricks_job.j.id}", "7"),
        ("${data.databricks_service_principal.p.application_id}", "app-8"),
        ("${databricks_volume.unknown.id}", None),
        ("${local.x ? 1 : 0}", None),
        (None, None),
    ],
)
def test_names_are_read_from_the_stack_or_are_unknown_and_never_guessed(expression: Any, text: str | None) -> None:
    assert stack().text(expression) == text


class Plans:
    """A synthesis whose plans are given, one after the other."""

    def __init__(self, *plans: list[Change]) -> None:
        self._plans = list(plans)
        self.stacks = ("platform",)

    def __call__(self) -> "Plans":
        return self

    def plan(self, _stack: str) -> list[Change]:
        return self._plans.pop(0)


def change(address: str, *actions: str, differs: tuple[str, ...] = (), importing: bool = True) -> Change:
    return Change(address=address, actions=actions, importing=importing, differs=differs)


def proven(tmp_path: Path, *plans: list[Change]) -> Any:
    blocks = {"platform": [Block(to="databricks_catalog.c", id="sales")]}
    return prove(blocks, tmp_path / "x.imports.json", Plans(*plans))  # type: ignore[arg-type]


def test_what_would_change_is_kept_until_only_imports_are_left(tmp_path: Path) -> None:
    proof = proven(
        tmp_path,
        [change("databricks_catalog.c", "update", differs=("comment",))],
        [change("databricks_catalog.c", "update", differs=("properties",))],
        [change("databricks_catalog.c", "no-op"), change("databricks_schema.s", "create", importing=False)],
    )

    assert proof.blocks["platform"][0].keep == ("comment", "properties")
    assert (proof.imported, proof.made) == (1, ("platform: databricks_schema.s",))
    written = json.loads((tmp_path / "x.imports.json").read_text())
    assert written == {"platform": [{"to": "databricks_catalog.c", "id": "sales", "keep": ["comment", "properties"]}]}


@pytest.mark.parametrize("actions", [("delete",), ("update",), ("delete", "create")])
def test_a_change_to_what_is_not_imported_is_refused(tmp_path: Path, actions: tuple[str, ...]) -> None:
    with pytest.raises(
        CannotAdopt, match=r"would change what is there: databricks_schema.s .*nothing has been applied"
    ):
        proven(tmp_path, [change("databricks_schema.s", *actions, importing=False)])


def test_what_never_comes_to_rest_is_refused(tmp_path: Path) -> None:
    plans = [[change("databricks_catalog.c", "update", differs=(f"field_{round_}",))] for round_ in range(9)]
    with pytest.raises(CannotAdopt, match="something would still change"):
        proven(tmp_path, *plans)


def test_the_stacks_read_what_was_written_and_explain_what_was_not(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    file = imports_file(tmp_path, "dev")
    write_blocks(file, {"dev-platform": [Block(to="databricks_catalog.c", id="sales", keep=("comment",))], "dev-x": []})

    blocks = read_imports(tmp_path, "dev")
    assert [(b.to, b.id, b.keep) for b in blocks["dev-platform"]] == [("databricks_catalog.c", "sales", ("comment",))]
    assert "dev-x" not in blocks
    file.write_text('{"dev-platform": [{"to": "not an address", "id": "sales"}]}')
    with pytest.raises(InvalidSettings, match=r"dev.imports.json.*to.*brickyard adopt dev --replace"):
        read_imports(tmp_path, "dev")
    assert read_imports(tmp_path, "prod") == {}


def test_a_project_is_written_for_models_that_are_there() -> None:
    entity = {"entity_name": "sales.models.churn", "workload_size": "Medium", "scale_to_zero_enabled": False}
    endpoint = Found(name="churn-live", id="churn-live", facts={"config": {"served_entities": [entity]}})
    model = Found(name="sales.models.churn", id="sales.models.churn", facts={"comment": "Who leaves?"})
    inventory = Inventory(catalog="sales", found={"registered model": (model,), "endpoint": (endpoint,)}, unseen=())

    document = project_documents({"leavers": ["churn"]}, inventory)["leavers"]
    assert document["title"] == "Who leaves?"
    endpoint_settings = {"model": "churn", "workload_size": "Medium", "scale_to_zero": False}
    assert document["deployment"]["endpoints"] == {"churn-live": endpoint_settings}
    with pytest.raises(CannotAdopt, match=r"price is no registered model in sales.models.*There: churn"):
        project_documents({"leavers": ["price"]}, inventory)
