"""What is plain at synthesis is told from what only Terraform knows, without asking Node."""

import pytest
from cdktf import Token

from brickyard_constructs.checks import known


@pytest.mark.parametrize("value", [0, 3, -7, 3.5, 1e9, True, "plain", "$HOME", "{{secrets/a/b}}"])
def test_plain_values_are_known(value: float | str) -> None:
    assert known(value)
    assert not Token.is_unresolved(value)


@pytest.mark.parametrize("expression", ["${local.a}", "${databricks_job.x.id}"])
def test_references_are_not_whatever_they_stand_for(expression: str) -> None:
    for reference in (expression, Token.as_number(expression), Token.as_string(expression)):
        assert not known(reference)
        assert Token.is_unresolved(reference) or reference == expression
