"""Small requests that go through a model together are answered as mlflow answers each alone, whatever they hold."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

mlflow = pytest.importorskip("mlflow")

COLUMNS = ("a", "b", "c")
ROW = {"a": 1.5, "b": 2, "c": "x"}
BODIES: dict[str, Any] = {
    "split": {"dataframe_split": {"columns": ["c", "a", "b"], "data": [["x", 1.5, 2], ["y", None, 3]]}},
    "records": {"dataframe_records": [ROW, {**ROW, "b": 7.25}]},
    "a column more": {"dataframe_records": [{**ROW, "more": 1}]},
    "an optional column less": {"dataframe_records": [{"b": 1, "c": "y"}]},
    "a required column less": {"dataframe_records": [{"a": 1.0}]},
    "another type": {"dataframe_records": [{**ROW, "a": "text"}]},
    "instances": {"instances": [ROW, ROW]},
    "instances by place": {"instances": [[1.5, 2, "x"]]},
    "inputs": {"inputs": {"a": [1.5, 2.5], "b": [2, 3], "c": ["x", "z"]}},
    "one input": {"inputs": {"a": 1.5, "b": 2, "c": "x"}},
    "no rows": {"dataframe_records": []},
    "no format": {"rows": [ROW]},
    "two formats": {"inputs": {"a": [1]}, "instances": [ROW]},
    "parameters": {"dataframe_records": [ROW], "params": {"p": 1}},
    "a list": [ROW],
}


class Rated:
    """Row by row, and failing for one value; counts its calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.takes_s = 0.0

    def fit(self) -> "Rated":
        return self

    def predict(self, frame: Any) -> Any:
        self.calls.append(len(frame))
        time.sleep(self.takes_s)
        if (frame["b"] == 99).any():
            raise ValueError("no 99")
        return (frame["a"].fillna(-1) * 2 + frame["b"] + frame["c"].map({"x": 0.25}).fillna(0)).to_numpy()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.double, "a", required=False),
        ColSpec(DataType.double, "b"),
        ColSpec(DataType.string, "c", required=False),
    ]
    folder = Path(tmp_path_factory.mktemp("rated")) / "model"
    signature = ModelSignature(inputs=Schema(columns), outputs=Schema([ColSpec(DataType.double)]))
    mlflow.sklearn.save_model(
        Rated().fit(), folder, signature=signature, serialization_format="cloudpickle", pip_requirements=[]
    )
    return mlflow.pyfunc.load_model(str(folder))


async def post(app: Any, bodies: list[bytes], kind: str = "application/json") -> list[tuple[int, Any]]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://served") as client:
        sent = [client.post("/invocations", content=body, headers={"content-type": kind}) for body in bodies]
        answers = await asyncio.gather(*sent)
    return [(answer.status_code, told(answer.text)) for answer in answers]


def told(text: str) -> Any:
    """Without the traceback, which says where it was raised."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return {name: value for name, value in said.items() if name != "stack_trace"} if isinstance(said, dict) else said


def apps(model: Any) -> tuple[Any, Any]:
    from mlflow.pyfunc import scoring_server

    from brickyard_local.serving.row_wise import RowWise

    server = scoring_server.init(model)
    return server, RowWise(server, model)


def test_every_format_and_every_error_is_mlflows_own(model: Any) -> None:
    alone, together = apps(model)
    bodies = [json.dumps(body).encode() for body in BODIES.values()] + [b"{", b"", b"[1"]
    names = [*BODIES, "half", "empty", "half a list"]
    wanted = asyncio.run(post(alone, bodies))
    found = asyncio.run(post(together, bodies))  # all of them at the same moment
    assert dict(zip(names, found, strict=True)) == dict(zip(names, wanted, strict=True))
    assert [status for status, _ in wanted].count(200) >= 7
    csv = asyncio.run(post(together, [b"a,b,c\n1.5,2,x\n"], "text/csv"))
    assert csv == asyncio.run(post(alone, [b"a,b,c\n1.5,2,x\n"], "text/csv"))


def test_requests_that_wait_go_in_one_call_and_one_that_fails_does_not_spoil_the_others(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, together = apps(model)
    rated = model.get_raw_model()
    rated.calls.clear()
    monkeypatch.setattr(rated, "takes_s", 0.05)  # else each may be answered before the next one comes
    bodies = [json.dumps({"dataframe_records": [{"a": n, "b": 1.0, "c": "x"}]}).encode() for n in range(40)]
    answers = asyncio.run(post(together, bodies))
    assert answers == [(200, {"predictions": [n * 2 + 1.25]}) for n in range(40)]
    assert sum(rated.calls) == 40
    assert len(rated.calls) < 40
    bad = json.dumps({"dataframe_records": [{"a": 1.0, "b": 99.0, "c": "x"}]}).encode()
    answers = asyncio.run(post(together, [*bodies[:5], bad, *bodies[5:10]]))
    assert [status for status, _ in answers] == [200] * 5 + [400] + [200] * 5


def test_only_flavours_that_answer_row_by_row_are_asked_together(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from brickyard_local.serving.row_wise import answers_row_by_row

    assert answers_row_by_row(model.metadata)
    monkeypatch.setenv("BRICKYARD_MICRO_BATCHING", "0")
    assert not answers_row_by_row(model.metadata)
    monkeypatch.delenv("BRICKYARD_MICRO_BATCHING")
    monkeypatch.setitem(model.metadata.flavors, "sklearn", None)
    monkeypatch.delitem(model.metadata.flavors, "sklearn")
    assert not answers_row_by_row(model.metadata)
