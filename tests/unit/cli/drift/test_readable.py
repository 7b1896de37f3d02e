"""Who only reads plans what can be read: Terraform is asked for nothing else, and what is left out is known."""

from collections.abc import Sequence
from typing import Any

import pytest

from brickyard.drift.readable import needs_of, planned_by_reader
from brickyard.errors import DeployFailed

DOCUMENT: dict[str, Any] = {
    "resource": {
        "databricks_schema": {"gold": {"name": "gold"}},
        "databricks_volume": {"landing": {"schema_name": "${databricks_schema.gold.name}"}, "landing-2": {}},
        "databricks_grants": {"all": {"schema": "${databricks_schema.gold.id}"}},
        "databricks_job": {"a": {"depends_on": ["databricks_volume.landing"]}, "b": {"name": '${upper("b")}'}},
    }
}
DENIED = """`terraform plan` of dev failed:
Error: User does not have READ VOLUME

  with databricks_volume.landing,
  on cdk.tf.json line 4:
"""


NETWORK = "Error: the network is down\n\n  with databricks_schema.gold,\n"


class Stacks:
    """Terraform as a reader meets it: what is targeted must be readable."""

    def __init__(self, *said: str) -> None:
        self.said, self.targets = list(said), [set[str]()]

    def document(self, _stack: str) -> dict[str, Any]:
        return DOCUMENT

    def planned(self, _stack: str, *options: str) -> str:
        self.targets.append({option.removeprefix("-target=") for option in options})
        if self.said:
            raise DeployFailed(self.said.pop(0))
        return "{}"


def read(stacks: Any) -> tuple[str, frozenset[str]]:
    return planned_by_reader(stacks, "dev")


def test_what_is_named_is_needed() -> None:
    needs = needs_of(DOCUMENT)

    assert needs["databricks_volume.landing"] == {"databricks_schema.gold"}
    assert needs["databricks_job.a"] == {"databricks_volume.landing"}
    assert needs["databricks_volume.landing-2"] == needs["databricks_job.b"] == frozenset()


def test_lists_of_access_are_never_asked_for() -> None:
    stacks = Stacks()

    _, unread = read(stacks)

    assert unread == {"databricks_grants.all"}
    assert "databricks_grants.all" not in stacks.targets[-1]


def test_what_is_refused_is_left_out_with_what_is_built_on_it() -> None:
    stacks = Stacks(DENIED)

    _, unread = read(stacks)

    assert unread == {"databricks_grants.all", "databricks_volume.landing", "databricks_job.a"}
    assert stacks.targets[-1] == {"databricks_schema.gold", "databricks_volume.landing-2", "databricks_job.b"}


@pytest.mark.parametrize(
    "said",
    [
        ("no connection",),
        (f"{DENIED}{NETWORK}", NETWORK),
        (DENIED, DENIED),
        (DENIED.replace("volume.landing", "schema.gold"), DENIED.replace("volume.landing", "job.b"), "Error: x"),
    ],
)
def test_what_is_no_refusal_is_no_gap_but_a_failure(said: Sequence[str]) -> None:
    with pytest.raises(DeployFailed):
        read(Stacks(*said))
