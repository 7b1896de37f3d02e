"""What MLflow's server has, told apart from what it could not say."""

from collections.abc import Callable
from typing import TypeVar

Thing = TypeVar("Thing")


def existing(ask: Callable[[], Thing]) -> Thing | None:
    """What `ask` gets from the server, or None where the server says that it has no such thing.

    A server that cannot be reached, or refuses, has not said so: who took that for an absence would make a second one.
    Errors: mlflow.exceptions.MlflowException.
    """
    from mlflow.exceptions import MlflowException  # seconds of imports

    try:
        return ask()
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
