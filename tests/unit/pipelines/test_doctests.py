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


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
