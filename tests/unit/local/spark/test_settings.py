"""How Spark is tuned: for small data, or for bulk when the environment says so."""

from pathlib import Path

import pytest

from brickyard_local.spark.settings import PROFILE, heap, java_options, spark_settings


def of(monkeypatch: pytest.MonkeyPatch, profile: str) -> tuple[dict[str, str], list[str]]:
    monkeypatch.setenv(PROFILE, profile)
    return spark_settings(files_root=Path("/files"), runtime=Path("/run")), java_options(memory=heap())


def test_bulk_work_gets_parts_for_the_cores_a_worker_each_and_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, fast_start = of(monkeypatch, "")
    bulk, long_work = of(monkeypatch, "bulk")
    assert quick["spark.sql.shuffle.partitions"] == "1"
    assert int(bulk["spark.sql.shuffle.partitions"]) >= 4
    assert bulk["spark.master"] != quick["spark.master"]
    assert "-XX:TieredStopAtLevel=1" in fast_start
    assert "-XX:ReservedCodeCacheSize=256m" in fast_start, "48 MB were full before the end of a run of all tests"
    assert "-XX:TieredStopAtLevel=1" not in long_work
    assert quick.keys() <= bulk.keys()  # what keeps the server private holds for both


def test_an_unknown_profile_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROFILE, "huge")
    with pytest.raises(ValueError, match="BRICKYARD_SPARK_PROFILE is 'huge'; it is quick"):
        heap()
