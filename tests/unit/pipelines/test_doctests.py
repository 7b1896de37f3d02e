import doctest
import importlib
import pkgutil

import pytest

import brickyard_pipelines
import flight_delays

MODULES = [
    module.name
    for package in (brickyard_pipelines, flight_delays)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
# Of Pipfile's category `finetuning`: the modules that stand on one are read where it is installed.
OPTIONAL = {"torch", "transformers", "trl"}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL:
            raise
        pytest.skip(f"{error.name} is not installed: make setup-finetuning")
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
