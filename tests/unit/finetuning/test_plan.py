import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.errors import InvalidPlan
from brickyard_pipelines.finetuning.plan import parse_criteria, parse_plan

PLAN = """\
name: trivia
use_case: Answer trivia in one sentence
approach: chat_completion
accepted_licences: [apache-2.0]
base_models:
  - name: tiny
    path: models/tiny
    licence: Apache-2.0
data:
  train:
    - path: train.jsonl
  split: {eval: 0.05}
training:
  precision: fp32
"""
CRITERIA = "criteria:\n  - name: right\n    metric: token_f1\n    threshold: 0.4\n"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (
            "path: train.jsonl",
            "paht: train.jsonl",
            "plan.yaml:11: data.train[0].paht: unknown key. Did you mean 'path'",
        ),
        ("Apache-2.0", "llama3", "plan.yaml:8: base_models[0].licence: got 'llama3'; only accepted licences"),
        ("fp32", "bf16", "plan.yaml:14: training.precision: got 'bf16' on cpu"),
        ("precision: fp32", "precision: fp32\n  method: qlora", "plan.yaml:15: training.method: got 'qlora' on cpu"),
        ("eval: 0.05", "eval: 0.7", "plan.yaml:12: data.split.eval: got 0.7"),
        ("name: trivia", "name: trivia\nname: other", "plan.yaml:2: name: got the key twice"),
        ("precision: fp32", "precision: fp32\n  duration: 2 epochs", "plan.yaml:15: training.duration: got '2 epochs'"),
        ("split: {eval: 0.05}", "eval: [{path: train.jsonl}]", "plan.yaml:12: data.eval[0]: got train.jsonl again"),
        ("path: train.jsonl", "path: a\n      table: a.b", "plan.yaml:11: data.train[0]: got both path and table"),
        ("use_case: A", "use_case: [A", "plan.yaml:3: got expected ',' or ']'"),
        ("precision: fp32", "precision: fp32\nbudget: {cost: 10}", "plan.yaml:15: budget.cost: got 10.0; a cost needs"),
    ],
)
def test_what_a_plan_gets_wrong_is_told_with_its_line_and_key(was: str, becomes: str, said: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        parse_plan(PLAN.replace(was, becomes))
    assert said in str(refused.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidPlan) as refused:
        parse_plan(PLAN.replace("0.05", "0.7").replace("fp32", "bf16"))
    assert [problem.where for problem in refused.value.problems] == [
        "plan.yaml:12: data.split.eval",
        "plan.yaml:14: training.precision",
    ]


def test_the_retired_api_names_of_approaches_are_understood() -> None:
    assert parse_plan(PLAN.replace("chat_completion", "INSTRUCTION_FINETUNE")).approach == "supervised"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("token_f1", "accuracy", "criteria.yaml:3: criteria[0].metric: got 'accuracy'"),
        ("0.4", "40.0", "criteria.yaml:4: criteria[0].threshold: got 40.0; token_f1 lies in 0 to 1"),
        ("token_f1", "regex_valid", "criteria.yaml:2: criteria[0].pattern: got pattern left out"),
        ("token_f1", "regex_valid\n    pattern: '['", "criteria.yaml:4: criteria[0].pattern: got '['"),
        ("token_f1", "schema_valid\n    json_schema: {type: 3}", "criteria.yaml:4: criteria[0].json_schema: got "),
        ("0.4\n", "0.4\n    weight: 0\n", "criteria.yaml:5: criteria[0].weight: got 0.0"),
    ],
)
def test_what_criteria_get_wrong_is_told_with_its_line_and_key(was: str, becomes: str, said: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        parse_criteria(CRITERIA.replace(was, becomes))
    assert said in str(refused.value)


def test_a_metric_knows_which_way_is_better() -> None:
    assert parse_criteria(CRITERIA).criteria[0].sign == 1.0
    assert parse_criteria(CRITERIA.replace("token_f1", "latency_s")).criteria[0].sign == -1.0


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_DOCUMENTS = st.recursive(
    _SCALARS, lambda d: st.lists(d, max_size=3) | st.dictionaries(st.text(max_size=5), d), max_leaves=8
)


@given(st.sampled_from(["name", "data", "training", "base_models", "hardware", "budget", "approach"]), _DOCUMENTS)
def test_whatever_a_key_holds_the_plan_is_read_or_refused(key: str, value: Any) -> None:
    document = yaml.safe_load(PLAN) | {key: value}
    with contextlib.suppress(InvalidPlan):
        parse_plan(yaml.safe_dump(document))


@given(st.text())
def test_whatever_text_is_read_it_is_a_plan_or_refused_with_its_line(text: str) -> None:
    with pytest.raises(InvalidPlan, match=r"plan.yaml:\d+"):
        parse_plan(text)


@pytest.mark.parametrize(("written", "meant"), [("2e-4", 2e-4), ("1E-3", 1e-3), ("2.e-4", 2e-4), ("0.01", 0.01)])
def test_a_learning_rate_is_a_number_however_it_is_written(written: str, meant: float) -> None:
    plan = parse_plan(f"{PLAN}  learning_rate: {written}\n")
    assert plan.training.learning_rate == meant
