"""Which task may start after which."""

from typing import Any

import pytest

from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import graph

S, F, X = "SUCCESS", "FAILED", "EXCLUDED"
UF, UC = "UPSTREAM_FAILED", "UPSTREAM_CANCELED"


@pytest.mark.parametrize(
    ("run_if", "results", "decision"),
    [
        ("ALL_SUCCESS", [], graph.RUN),
        ("ALL_SUCCESS", [S, S], graph.RUN),
        ("ALL_SUCCESS", [S, X], graph.RUN),
        ("ALL_SUCCESS", [X, X], X),
        ("ALL_SUCCESS", [S, F], UF),
        ("ALL_SUCCESS", [S, "TIMEDOUT"], UF),
        ("ALL_SUCCESS", [S, "CANCELED"], UC),
        ("ALL_SUCCESS", ["CANCELED", F], UF),
        ("ALL_DONE", [F, UC], graph.RUN),
        ("NONE_FAILED", [S, X], graph.RUN),
        ("NONE_FAILED", [S, F], UF),
        ("AT_LEAST_ONE_SUCCESS", [S, F], graph.RUN),
        ("AT_LEAST_ONE_SUCCESS", [F, F], UF),
        ("ALL_FAILED", [F, UF], graph.RUN),
        ("ALL_FAILED", [S, F], X),
        ("AT_LEAST_ONE_FAILED", [S, F], graph.RUN),
        ("AT_LEAST_ONE_FAILED", [S, S], X),
    ],
)
def test_each_condition_decides(run_if: str, results: list[str], decision: str) -> None:
    assert graph.decide(run_if, results) == decision


@pytest.mark.parametrize(
    ("results", "result"),
    [
        ({"a": S, "b": S}, S),
        ({"a": F, "b": S}, "SUCCESS_WITH_FAILURES"),
        ({"a": S, "b": F}, F),
        ({"a": F, "b": UF}, F),
        ({"a": "CANCELED", "b": UC}, "CANCELED"),
        ({"a": S, "b": X}, S),
    ],
)
def test_the_leaves_decide_the_run(results: dict[str, str], result: str) -> None:
    assert graph.run_result([task("a"), task("b", "a")], results) == result


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([("a", "b"), ("b", "a")], "circle: a, b"),
        ([("a", "a")], "circle: a"),
        ([("a",), ("a",)], "given twice: a"),
        ([("a", "zzz")], "depends on 'zzz'"),
    ],
)
def test_a_graph_without_an_order_is_refused(tasks: list[tuple[str, ...]], message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        graph.check([task(*keys) for keys in tasks])


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="SOMETIMES"):
        graph.check([{"task_key": "a", "run_if": "SOMETIMES"}])


def task(key: str, *after: str) -> dict[str, Any]:
    return {"task_key": key, "depends_on": [{"task_key": before} for before in after]}
