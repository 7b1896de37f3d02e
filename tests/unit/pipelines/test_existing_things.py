"""Asking MLflow's server for something: only its own "no such thing" is an absence."""

from typing import NoReturn

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2 as codes

from brickyard_pipelines.ml.registry.existing import existing


def refusing(code: int) -> NoReturn:
    raise MlflowException("said the server", error_code=code)


def test_what_exists_is_handed_on() -> None:
    assert existing(lambda: "version 3") == "version 3"


def test_no_such_thing_is_none() -> None:
    assert existing(lambda: refusing(codes.RESOURCE_DOES_NOT_EXIST)) is None


@pytest.mark.parametrize("code", [codes.TEMPORARILY_UNAVAILABLE, codes.PERMISSION_DENIED, codes.INTERNAL_ERROR])
def test_a_server_that_does_not_say_is_no_absence(code: int) -> None:
    """A second version would be registered, a second run begun."""
    with pytest.raises(MlflowException, match="said the server"):
        existing(lambda: refusing(code))
