"""What a request does not carry: filled in from what is packed with the model, as the feature table would have it."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
import pytest
from mlflow.models import Model

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.features.serving import PackedReference, pack, packed_reference
from brickyard_pipelines.ml.project import FeatureTable, Project, load_project
from brickyard_pipelines.ml.project.features import Reference, Request
from brickyard_pipelines.ml.settings import StepSettings
from flight_delays.aircraft import of_aircraft

PLANES = pd.DataFrame(
    {"tail_number": ["N1", "NA", "N3"], "built_year": [1999.0, 2004.0, None], "seats": [149.0, None, 180.0]}
)
COLUMNS = {"planes": {"tail_number": "string", "built_year": "int", "seats": "double"}}
ECHO = """
class Echo:
    def predict(self, rows, params=None):
        return rows

def _load_pyfunc(path, model_config=None):
    assert path.endswith("inner.txt"), path
    return Echo()
"""


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project("flight_delays")


@pytest.fixture
def served(project: Project, tmp_path: Path) -> Any:
    """A saved model that answers the features it is given, with the planes packed in, as mlflow loads it."""
    request = project.workflow.features.request
    assert request is not None
    loader, inner = tmp_path / "echo_loader_of_a_test.py", tmp_path / "inner.txt"
    loader.write_text(ECHO)
    inner.write_text("the model's own file")
    mlflow.pyfunc.save_model(
        path=tmp_path / "model",
        loader_module=loader.stem,
        data_path=str(inner),
        code_paths=[str(loader)],
        pip_requirements=[],
    )
    model = Model.load(str(tmp_path / "model"))
    pack(tmp_path / "model", model, PackedReference(request=request, rows={"planes": PLANES}, columns=COLUMNS))
    yield mlflow.pyfunc.load_model(str(tmp_path / "model"))
    sys.modules.pop(loader.stem, None)


def test_a_request_is_answered_with_the_features_that_the_table_has(served: Any) -> None:
    asked = pd.DataFrame(
        {"carrier": "UA", "tail_number": ["N1", "NA", "N3", "N9", None, "N1"], "flight_year": [2013.0] * 5 + [None]}
    )
    offline = asked.merge(PLANES, on="tail_number", how="left")
    wanted = pd.DataFrame(of_aircraft(offline["flight_year"], offline["built_year"], offline["seats"]))
    answered = served.predict(asked)
    assert list(answered.columns) == ["carrier", "aircraft_age_years", "aircraft_seats"]
    pd.testing.assert_frame_equal(answered[wanted.columns], wanted)
    assert wanted.notna().sum().tolist() == [2, 3]


def test_what_a_request_carries_itself_stays(served: Any) -> None:
    asked = pd.DataFrame(
        {"tail_number": ["N1", "N1"], "flight_year": [2013.0, 2013.0], "aircraft_seats": [12.0, None]}, index=[5, 3]
    )
    answered = served.predict(asked)
    assert answered.aircraft_seats.to_dict() == {5: 12.0, 3: 149.0}
    assert answered.aircraft_age_years.tolist() == [14.0, 14.0]


@pytest.mark.parametrize("more", [{}, {"tail_number": [None]}])
def test_without_a_key_the_features_go_through_as_they_are(served: Any, more: dict[str, Any]) -> None:
    features = pd.DataFrame({"carrier": ["UA"], "aircraft_seats": [149.0]})
    pd.testing.assert_frame_equal(served.predict(features.assign(**more)), features)


def test_the_model_carries_what_it_needs_and_where_it_came_from(served: Any, tmp_path: Path) -> None:
    assert served is not None
    kept = json.loads((tmp_path / "model" / "request" / "request.json").read_text())
    assert (kept["loader_module"], kept["online_store"]) == ("echo_loader_of_a_test", None)
    assert kept["references"] == {"planes": {"key": "tail_number", "columns": COLUMNS["planes"]}}
    code = next((tmp_path / "model" / "code").glob("brickyard_request_*"))
    assert sorted(part.name for part in code.glob("*.py")) == ["__init__.py", "filled.py", "online.py", "packed.py"]
    assert not [part.name for part in code.glob("*.py") if "brickyard_pipelines" in part.read_text()]


PACKED = {"table": "planes", "key": "tail_number", "columns": ("seats",)}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"store": "redis"}, "has the store 'redis'; it must be one of packed, online"),
        ({"columns": ()}, "needs columns, and other ones than its key"),
        ({"columns": ("tail_number",)}, "needs columns, and other ones than its key"),
    ],
)
def test_a_reference_that_cannot_be_is_refused_by_name(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        Reference(**(PACKED | more))


def test_a_request_that_cannot_be_looked_up_is_refused() -> None:
    reference = Reference(**PACKED)  # type: ignore[arg-type]
    with pytest.raises(InvalidProject, match=r"planes\.key: got 'tail_number', must be one of the request's columns"):
        Request(function="p:f", columns={"flight_year": "double"}, references={"planes": reference})
    with pytest.raises(InvalidProject, match=r"columns\.year: got 'int', must be string or double"):
        Request(function="p:f", columns={"year": "int"})
    request = Request(function="p:f", columns={"tail_number": "string"}, references={"planes": reference})
    with pytest.raises(InvalidProject, match=r"planes is none of the inputs flights"):
        FeatureTable(function="p:f", columns="p:c", inputs=("flights",), key="k", time_key="t", request=request)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"columns": ("wings",)}, "wings is no column of planes. Known: tail_number, built_year, seats"),
        ({"key": "seats", "columns": ("built_year",)}, "it must be the key of the table's contract, tail_number"),
        ({"table": "weather"}, "it must be the key of the table's contract, origin, observed_hour"),
    ],
)
def test_a_reference_that_its_table_does_not_have_is_refused_before_spark_is_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr("brickyard_pipelines.ml.features.serving.session", lambda: None)
    reference = replace(Reference(**PACKED), **changed)  # type: ignore[arg-type]
    request = Request(
        function="p:f", columns={"tail_number": "string", "seats": "double"}, references={"planes": reference}
    )
    features = replace(project.workflow.features, request=request)
    other = replace(project, workflow=replace(project.workflow, features=features))
    with pytest.raises(InvalidProject, match=said):
        packed_reference(StepSettings(project="flight_delays", catalog="dev"), other)
