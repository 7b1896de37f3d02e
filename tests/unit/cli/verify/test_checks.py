"""What `brickyard verify` makes of what it found."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard.terraform import Change
from brickyard.verify.jobs import named_paths
from brickyard.verify.unchanged import check_of
from brickyard.verify.verdicts import Check, Held, exit_status


def test_a_plan_that_changes_something_fails_and_says_what() -> None:
    assert check_of("dev-churn", []).held is Held.YES
    changes = [
        Change(address=f"databricks_job.j{n}", actions=("update",), importing=False, differs=("name",))
        for n in range(7)
    ]

    check = check_of("dev-churn", changes)

    assert check.held is Held.NO
    assert "update databricks_job.j0 (name)" in check.said
    assert "and 2 more" in check.said


@pytest.mark.parametrize(
    ("held", "complete", "status"),
    [
        ([Held.YES], True, 0),
        ([Held.YES, Held.WAITS], False, 0),
        ([Held.YES, Held.WAITS], True, 2),
        ([Held.NO], False, 2),
        ([], False, 0),
    ],
)
def test_what_waits_is_good_enough_until_all_must_work(held: list[Held], complete: bool, status: int) -> None:
    assert exit_status([Check(what="x", held=each) for each in held], complete=complete) == status


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(rest=JSON, where=st.sampled_from(["whl", "python_file"]))
def test_the_files_that_a_job_names_are_found_wherever_it_names_them(rest: Any, where: str) -> None:
    path = "/Volumes/a/b/c/churn-1.0-py3-none-any.whl"

    assert path in named_paths({"tasks": [{where: path, "more": rest}], "rest": rest})
    assert named_paths({"tasks": [{"notebook_task": {"notebook_path": "/Workspace/x"}}]}) == set()
