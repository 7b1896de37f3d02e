"""What a simulation says of a month: each row counts once, as it was scored first."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from deltalake import write_deltalake

from brickyard.simulate.observe import Columns, Observer

COLUMNS = Columns(key="id", time_key="at", label="late", features=())


@pytest.fixture
def observer(tmp_path: Path) -> Observer:
    """July's rows: ten that version 1 scored in June, a hundred that version 2 scored first, all again by version 3."""
    july = pd.Timestamp("2013-07-01 00:30", tz="UTC")
    rows = [
        {"id": f"row-{n}", "at": july + pd.Timedelta(hours=n), "model_version": version, "scored_at": scored_at}
        for version, scored_at, numbers in (
            ("1", pd.Timestamp("2013-07-01", tz="UTC"), range(10)),
            ("2", pd.Timestamp("2013-08-01", tz="UTC"), range(10, 110)),
            ("3", pd.Timestamp("2013-08-02", tz="UTC"), range(110)),
        )
        for n in numbers
    ]
    table = pd.DataFrame(rows)
    table["late"] = (table["id"].str[4:].astype(int) % 2).astype("int32")
    table["prediction"] = table["model_version"].map({"1": 0.5, "2": 0.25, "3": 0.01})
    write_deltalake(str(tmp_path / "table"), table)
    tables = SimpleNamespace(get=lambda _: SimpleNamespace(storage_location=f"file://{tmp_path / 'table'}"))
    names: Any = SimpleNamespace(project="delays", table=lambda name: ("c", *name.split(".")), model="c.s.m")
    client: Any = SimpleNamespace(tables=tables)
    return Observer(client, names, COLUMNS)


def test_a_month_is_what_most_of_its_rows_were_scored_by_when_they_came(
    observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: Any = SimpleNamespace(predict=lambda rows: [0.5] * len(rows))
    monkeypatch.setattr(observer, "_first", first)
    found = observer.month(dt.date(2013, 7, 1), "1")
    assert (found.rows, found.champion) == (110, "2")
    assert found.log_loss == pytest.approx((10 * 0.693147 + 50 * 0.287682 + 50 * 1.386294) / 110, rel=1e-5)
    assert found.first_log_loss == pytest.approx(0.693147, rel=1e-5)


def test_a_month_without_rows_has_no_champion(observer: Observer) -> None:
    found = observer.month(dt.date(2013, 1, 1), "1")
    assert (found.rows, found.champion, found.log_loss) == (0, "", None)
