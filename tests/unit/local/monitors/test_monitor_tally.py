"""What a pass counts of each column and group, however the rows are cut into parts and batches."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from brickyard_local.monitors.engine.frames import Frame, Source
from brickyard_local.monitors.engine.scan import parts_of
from brickyard_local.monitors.engine.shapes import ItemShape, NumberShape, Shape, joined
from brickyard_local.monitors.engine.tally import ROWS, Counted, Grouping, Layout, tallied

KINDS = ("number", "item", "other")
COLUMNS = tuple(Counted(position=4 + n, kind=kind) for n, kind in enumerate(KINDS))  # type: ignore[arg-type]
WHOLE = Grouping(start=None, end=None, model=None, slice_=None)
WINDOWED = Grouping(start=0, end=1, model=2, slice_=3, slices=("s0", "s1"))
Found = dict[tuple[int, Any, int], Any]

numbers = st.one_of(
    st.none(), st.just(float("nan")), st.just(-0.0), st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)
)
rows = st.tuples(
    st.sampled_from([None, 0, 10]),
    st.sampled_from([None, "1", "2"]),
    st.sampled_from([None, "s0", "s1", "s2"]),
    numbers,
    st.sampled_from([None, "", "a", "ä", "word"]),
    st.sampled_from([None, True]),
)


def counted(layout: Layout, parts: Sequence[Sequence[pa.RecordBatch]]) -> Found:
    """Shapes by grouping, group and column, and the rows of each group as column -1."""
    gathered: dict[tuple[int, Any, int], list[Any]] = defaultdict(list)
    for part in parts:
        for row in parts_of(pa.Table.from_batches(tallied(layout, iter(part)))):
            group = (row["start"], row["end"], row["model"], row["slice"])
            gathered[row["grouping"], group, row["column"]].append(row)
    return {
        key: sum(row["rows"] for row in own) if key[2] == ROWS else joined(layout.columns[key[2]].kind, own)
        for key, own in gathered.items()
    }


def batch(values: Sequence[Any]) -> pa.RecordBatch:
    start, model, slice_, number, item, other = zip(*values, strict=True)
    end = [None if each is None else each + 10 for each in start]
    kinds = (pa.int64(), pa.int64(), pa.string(), pa.string(), pa.float64(), pa.string(), pa.bool_())
    columns = (start, end, model, slice_, number, item, other)
    arrays = [pa.array(column, kind, from_pandas=False) for column, kind in zip(columns, kinds, strict=True)]
    return pa.record_batch(arrays, [str(n) for n in range(len(arrays))])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.lists(rows, min_size=1, max_size=8), min_size=1, max_size=3), min_size=1, max_size=3))
def test_groups_hold_what_counting_row_by_row_says(parts: list[list[list[Any]]]) -> None:
    found = counted(
        Layout(groupings=(WHOLE, WINDOWED), columns=COLUMNS), [[batch(each) for each in part] for part in parts]
    )
    expected: dict[tuple[int, Any], list[Any]] = defaultdict(list)
    for row in (row for part in parts for each in part for row in each):
        expected[0, (None, None, None, None)].append(row)
        if row[0] is not None and row[2] in {"s0", "s1"}:
            expected[1, (row[0], row[0] + 10, row[1], row[2])].append(row)
    assert {(grouping, group) for grouping, group, _ in found} == expected.keys()
    for (grouping, group), own in expected.items():
        assert found[grouping, group, ROWS] == len(own)
        check_numbers(found.get((grouping, group, 0)), [row[3] for row in own if row[3] is not None])
        check_items(found.get((grouping, group, 1)), [row[4] for row in own if row[4] is not None])
        presence = found.get((grouping, group, 2))
        assert (presence.count if presence else 0) == sum(row[5] is not None for row in own)


def check_numbers(shape: Any, values: list[float]) -> None:
    if not values:
        assert shape is None
        return
    known = np.array([value for value in values if not np.isnan(value)])
    assert (shape.count, shape.nan) == (len(values), len(values) - len(known))
    assert dict(zip(shape.numbers.values, shape.numbers.counts, strict=True)) == Counter(known.tolist())
    assert shape.distinct == len(np.unique(known))
    if len(known):
        assert (shape.spread.low, shape.spread.high) == (known.min(), known.max())
        assert shape.spread.zeros == (known == 0).sum()
        assert shape.spread.mean == pytest.approx(known.mean(), abs=1e-9)
    if len(known) > 1:
        assert shape.spread.deviation() == pytest.approx(known.std(ddof=1), rel=1e-6, abs=1e-6)


def check_items(shape: Any, values: list[str]) -> None:
    if not values:
        assert shape is None
        return
    assert (shape.count, shape.counts, shape.distinct) == (len(values), Counter(values), len(set(values)))
    lengths = [len(value) for value in values]
    assert (shape.lengths.low, shape.lengths.high) == (min(lengths), max(lengths))
    assert shape.lengths.mean == pytest.approx(np.mean(lengths))


def wide(kind: str, parts: Sequence[Sequence[Any]], size: int = 20_000) -> Shape:
    """The shape of a column of many values, by parts, in batches."""
    type_ = pa.float64() if kind == "number" else pa.string()
    layout = Layout(groupings=(WHOLE,), columns=(Counted(position=0, kind=kind),))  # type: ignore[arg-type]
    batches = [
        [pa.record_batch([pa.array(part[n : n + size], type_)], ["0"]) for n in range(0, len(part), size)]
        for part in parts
    ]
    found: Shape = counted(layout, batches)[0, (None, None, None, None), 0]
    return found


def test_a_sample_of_many_numbers_is_as_good_as_all_of_them_for_ranks_and_exact_for_the_rest() -> None:
    generator = np.random.default_rng(3)
    values = np.concatenate([generator.normal(size=300_000), generator.exponential(size=100_001)])
    generator.shuffle(values)
    few = np.repeat([0.0, 1.0, 7.5], 5_000)  # a part that has few values is counted each
    shape = wide("number", [values[:150_000], values[150_000:], few])
    assert isinstance(shape, NumberShape)
    everything = np.concatenate([values, few])
    assert shape.spread.size == shape.numbers.size == len(everything) == shape.numbers.counts.sum()
    assert shape.spread.mean == pytest.approx(everything.mean())
    assert shape.spread.deviation() == pytest.approx(everything.std(ddof=1))
    assert (shape.spread.low, shape.spread.high) == (everything.min(), everything.max())
    assert shape.spread.zeros == 5_000
    assert shape.distinct == pytest.approx(len(np.unique(everything)), rel=0.03)
    ranks = np.searchsorted(np.sort(everything), shape.numbers.values, side="right") / len(everything)
    assert np.abs(ranks - np.cumsum(shape.numbers.counts) / len(everything)).max() < 0.001
    points = np.quantile(everything, [0.01, 0.5, 0.9])
    assert shape.numbers.below(points) == pytest.approx([0.01, 0.5, 0.9], abs=0.001)


def test_distances_of_samples_are_those_of_all_values() -> None:
    from brickyard_local.monitors.engine.statistics import numeric

    generator = np.random.default_rng(4)
    now, before = generator.normal(0.1, 1, 200_000), generator.normal(0, 1, 250_000)
    shapes = [wide("number", [each[: len(each) // 2], each[len(each) // 2 :]]) for each in (now, before)]
    found = numeric(*(shape.numbers for shape in shapes if isinstance(shape, NumberShape)))
    assert found["ks_test"]["statistic"] == pytest.approx(stats.ks_2samp(now, before).statistic, abs=0.001)
    assert found["wasserstein_distance"] == pytest.approx(stats.wasserstein_distance(now, before), abs=0.002)


def test_many_items_are_told_by_buckets_that_can_be_compared_with_items_that_are_counted() -> None:
    words = [f"word {n}" for n in range(15_000)]
    many, few = wide("item", [words * 2, ["word 7"] * 100]), wide("item", [words[:5_000]])
    assert isinstance(many, ItemShape)
    assert isinstance(few, ItemShape)
    assert (many.count, many.counts) == (30_100, {})
    assert many.distinct == 15_000  # exact below 16,384
    assert (few.distinct, len(few.counts)) == (5_000, 5_000)
    now, before = many.comparable(few)
    assert (sum(now.values()), sum(before.values())) == (30_100, 5_000)
    again = wide("item", [words[10_000:] + words[:10_000], words])
    assert isinstance(again, ItemShape)
    assert {key: 2 * count for key, count in again.by_bucket().items()} == {
        key: 2 * count for key, count in wide_counts(words * 2).items()
    }


def wide_counts(words: list[str]) -> dict[str, int]:
    shape = wide("item", [words])
    assert isinstance(shape, ItemShape)
    return dict(shape.by_bucket())


def test_slices_that_are_kept_are_the_most_frequent_of_the_source() -> None:
    source = Source(relation="input_3", log_type="INPUT", version=3, columns=())
    query = Frame(source=source, slice_key="color = 'red'").slices()
    assert "CAST((color = 'red') AS STRING) AS v FROM input_3" in query
    assert query.endswith("ORDER BY n DESC, v LIMIT 100)")
