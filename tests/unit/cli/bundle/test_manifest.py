"""A bundle is applied as it was approved, or refused with the reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard.bundle.apply import Asked, approved_manifest, refuse_stale
from brickyard.bundle.manifest import MANIFEST, Manifest, PlannedStack, Position, Verdict, digest_of
from brickyard.bundle.order import stacks_in_order
from brickyard.bundle.planned import NOT_THERE, Planned
from brickyard.bundle.writing import waiting_of
from brickyard.errors import BundleRefused, CannotPlan

ROOT = Path(__file__).resolve().parents[4]


def stack(name: str = "dev-platform", **more: Any) -> PlannedStack:
    fields: dict[str, Any] = {
        "name": name,
        "changes": True,
        "actions": {"create": 1},
        "state": Position(serial=3, lineage="abc"),
        "plan_sha256": "0" * 64,
        "lock_sha256": "1" * 64,
        "sign_ins": ["workspace"],
        "destroys": [],
    }
    return PlannedStack(**(fields | more))


def manifest(**more: Any) -> Manifest:
    fields: dict[str, Any] = {
        "environment": "dev",
        "destroy": False,
        "refreshed": False,
        "commit": "c" * 40,
        "uncommitted": False,
        "planned_at": "2026-11-23T00:00:00+00:00",
        "planned_by": "ana",
        "planned_in": "",
        "terraform": "1.11.4",
        "providers": {},
        "review": Verdict(verdict="routine", headline="1 to create", threshold="block", exit_code=0),
        "stacks": [stack()],
        "waiting": [],
        "sealed_for": "age1x",
        "sealed_sha256": f"sha256:{'2' * 64}",
    }
    return Manifest(**(fields | more))


def written(folder: Path, made: Manifest) -> str:
    (folder / MANIFEST).write_text(made.text())
    return digest_of(made.text().encode())


def approve(folder: Path, digest: str, environment: str | None = None) -> Manifest:
    return approved_manifest(Asked(bundle=folder, approved=digest, environment=environment))


def test_what_was_approved_is_read_back_as_it_was(tmp_path: Path) -> None:
    made = manifest()

    assert approve(tmp_path, written(tmp_path, made), "dev") == made


@given(at=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_no_byte_of_a_manifest_can_change_after_approval(
    tmp_path_factory: pytest.TempPathFactory, at: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    digest = written(folder, manifest())
    raw = bytearray((folder / MANIFEST).read_bytes())
    raw[at % len(raw)] ^= flip
    (folder / MANIFEST).write_bytes(raw)

    with pytest.raises(BundleRefused):
        approve(folder, digest)


@pytest.mark.parametrize(
    ("made", "approved", "environment", "told"),
    [
        (manifest(), "yes", None, "approves nothing"),
        (manifest(), f"sha256:{'a' * 64}", None, "was approved. It was altered"),
        (manifest(), "", "prod", "prod is to be deployed"),
        (manifest(destroy=True), "", None, "apply it with --destroy"),
        (
            manifest(review=Verdict(verdict="blocked", headline="data goes", threshold="block", exit_code=2)),
            "",
            None,
            "data goes",
        ),
    ],
)
def test_a_bundle_that_may_not_be_applied_is_refused_with_the_reason(
    tmp_path: Path, made: Manifest, approved: str, environment: str | None, told: str
) -> None:
    digest = written(tmp_path, made)

    with pytest.raises(BundleRefused, match=told):
        approve(tmp_path, approved or digest, environment)


def test_a_bundle_that_deploys_is_not_applied_as_destruction(tmp_path: Path) -> None:
    """Each has an approval of its own, and neither passes for the other."""
    asked = Asked(bundle=tmp_path, approved=written(tmp_path, manifest()), environment=None, destroy=True)

    with pytest.raises(BundleRefused, match="apply it without"):
        approved_manifest(asked)


def test_a_folder_that_is_no_bundle_and_a_manifest_of_another_version_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=r"no plan bundle.*brickyard plan"):
        approve(tmp_path, f"sha256:{'a' * 64}")
    (tmp_path / MANIFEST).write_text(json.dumps(manifest().model_dump() | {"schema_version": "2"}))
    with pytest.raises(BundleRefused, match=r"schema_version.*plan again"):
        approve(tmp_path, f"sha256:{'a' * 64}")


@pytest.mark.parametrize("now", [Position(serial=4, lineage="abc"), Position(serial=3, lineage="x")])
def test_a_state_that_moved_makes_the_plan_stale(now: Position) -> None:
    refuse_stale(stack(), Position(serial=3, lineage="abc"))

    with pytest.raises(BundleRefused, match=r"stale.*plan again"):
        refuse_stale(stack(), now)


def synthesised(folder: Path, dependencies: dict[str, list[str]]) -> Path:
    stacks = {name: {"dependencies": before} for name, before in dependencies.items()}
    (folder / "manifest.json").write_text(json.dumps({"stacks": stacks}))
    return folder


CHAIN = {
    "dev-churn-serving": ["dev-churn"],
    "dev-churn": ["dev-platform"],
    "dev-platform": ["dev-account"],
    "dev-account": [],
}


def test_stacks_follow_each_other_and_the_accounts_is_its_administrators(tmp_path: Path) -> None:
    folder = synthesised(tmp_path, CHAIN)

    assert stacks_in_order(folder, "dev", ("platform", "projects")) == (
        "dev-platform",
        "dev-churn",
        "dev-churn-serving",
    )
    assert stacks_in_order(folder, "dev", ("account",)) == ("dev-account",)
    with pytest.raises(CannotPlan, match="no stack of account"):
        stacks_in_order(synthesised(tmp_path, {"dev-platform": []}), "dev", ("account",))


@pytest.mark.parametrize(
    ("waits", "deletes", "held"),
    [
        (set(), set(), []),
        ({"dev-churn"}, set(), ["dev-churn", "dev-churn-serving"]),
        (set(), {"dev-platform"}, ["dev-churn", "dev-churn-serving"]),
        (set(), {"dev-churn-serving"}, []),
    ],
)
def test_a_stack_waits_for_what_an_earlier_one_of_the_bundle_has_yet_to_make(
    tmp_path: Path, waits: set[str], deletes: set[str], held: list[str]
) -> None:
    folder = synthesised(tmp_path, CHAIN)
    planned = [
        Planned(entry=stack(name), shown=b"", waits=name in waits, deletes=name in deletes)
        for name in ("dev-platform", "dev-churn", "dev-churn-serving")
    ]

    assert [each.name for each in waiting_of(folder, planned)] == held


def test_the_text_that_stands_for_what_is_not_there_is_the_stacks_own() -> None:
    source = (ROOT / "constructs/brickyard_constructs/upstream.py").read_text()

    assert f"quoted(f{NOT_THERE}" in source
