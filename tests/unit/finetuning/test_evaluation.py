import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.errors import UnusableAnswers
from brickyard_pipelines.finetuning.evaluation import text_metrics as metrics
from brickyard_pipelines.finetuning.evaluation.answers import Answer, read_answers
from brickyard_pipelines.finetuning.evaluation.judgement import Answers, compare, judge
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.evaluation.statistics import holm, sampled
from brickyard_pipelines.finetuning.plan import parse_criteria

RIGHT = parse_criteria("criteria:\n  - {name: right, metric: exact_match, threshold: 0.7}\n")


def asked(count: int, cluster: int = 1, **slices: str) -> list[Question]:
    return [Question(id=str(i), references=("yes",), slices=slices, cluster=str(i // cluster)) for i in range(count)]


def answers(count: int, right: int) -> Answers:
    """The first `right` of them are."""
    return {str(i): Answer(text="yes" if i < right else "no") for i in range(count)}


# ROUGE as rouge-score 0.1.2 answers; token F1 as SQuAD's script.
@pytest.mark.parametrize(
    ("answer", "reference", "f1", "rouge_1", "rouge_l"),
    [
        ("The cat sat on the mat.", "A cat sat on a mat", 1.0, 2 / 3, 2 / 3),
        ("Paris", "The capital is Paris", 0.5, 0.4, 0.4),
        ("", "something", 0.0, 0.0, 0.0),
        ("one two three", "three two one", 1.0, 1.0, 1 / 3),
    ],
)
def test_words_in_common_are_counted_as_the_field_counts_them(
    answer: str, reference: str, f1: float, rouge_1: float, rouge_l: float
) -> None:
    assert metrics.token_f1(answer, reference) == pytest.approx(f1)
    assert metrics.rouge_n(answer, reference, 1) == pytest.approx(rouge_1)
    assert metrics.rouge_l(answer, reference) == pytest.approx(rouge_l)


# As sacrebleu 2.6.0 (CHRF, over 100) and rouge-score 0.1.2 answer.
@pytest.mark.parametrize(
    ("answer", "reference", "chrf", "rouge_2"),
    [
        ("Paris is nice", "Paris is a nice city", 0.467597589263776, 1 / 3),
        ("the cat sat on the mat", "a cat sat on a mat", 0.5511170308673565, 0.4),
        ("", "a", 0.0, 0.0),
    ],
)
def test_parts_of_words_and_pairs_of_words_too(answer: str, reference: str, chrf: float, rouge_2: float) -> None:
    assert metrics.chrf(answer, reference) == pytest.approx(chrf)
    assert metrics.rouge_n(answer, reference, 2) == pytest.approx(rouge_2)


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_overlap_lies_between_nothing_and_all_and_is_all_for_itself(answer: str, reference: str) -> None:
    for metric in (metrics.token_f1, metrics.rouge_l, metrics.chrf, metrics.normalised_match):
        assert 0 <= metric(answer, reference) <= 1 + 1e-12
        assert metric(answer, answer) == pytest.approx(1)


@pytest.mark.parametrize(
    ("answer", "valid"), [('{"a": 1}', 1), ("```json\n[1]\n```", 1), ("null", 1), ("Sure! {}", 0), ("{'a': 1}", 0)]
)
def test_json_is_valid_in_a_fence_or_not(answer: str, valid: float) -> None:
    assert metrics.json_valid(answer, "") == valid


@pytest.mark.parametrize(("answer", "valid"), [('{"a": 1}', 1), ('{"a": "1"}', 0), ("{}", 0), ("a: 1", 0)])
def test_json_of_a_schema_and_text_of_a_pattern_are_valid(answer: str, valid: float) -> None:
    pytest.importorskip("jsonschema")
    schema = "json_schema: {type: object, required: [a], properties: {a: {type: integer}}}"
    criteria = parse_criteria(
        f"criteria:\n  - {{name: s, metric: schema_valid, threshold: 1, {schema}}}\n"
        "  - {name: p, metric: regex_valid, threshold: 1, pattern: '\\{\"a\": \\d\\}'}\n"
    )
    assert [metrics.score(item, answer, ()) for item in criteria.criteria] == [valid, valid]


def test_a_refusal_is_seen_and_an_answer_is_none() -> None:
    assert metrics.refusal("I'm sorry, but I cannot help with that.", "") == 1
    assert metrics.refusal("The answer is 4.", "") == 0


@pytest.mark.parametrize(("right", "verdict"), [(190, "met"), (100, "missed"), (142, "no decision")])
def test_a_threshold_is_met_missed_or_nobody_can_say(right: int, verdict: str) -> None:
    (outcome,) = judge(RIGHT, asked(200), answers(200, right))
    assert outcome.verdict == verdict
    assert outcome.mean.mean == pytest.approx(right / 200)
    assert (outcome.rows_needed > 200) == (verdict == "no decision")


def test_few_rows_decide_nothing() -> None:
    (outcome,) = judge(RIGHT, asked(5), answers(5, 5))
    assert outcome.verdict == "no decision"


def test_rows_of_one_conversation_are_no_independent_witnesses() -> None:
    alone = judge(RIGHT, asked(200), answers(200, 160))[0]
    together = judge(RIGHT, asked(200, cluster=20), answers(200, 160))[0]
    assert together.mean.high - together.mean.low > 3 * (alone.mean.high - alone.mean.low)


@pytest.mark.parametrize(("one", "other", "verdict"), [(80, 50, "better"), (50, 80, "worse"), (52, 50, "no decision")])
def test_a_model_is_better_worse_or_nobody_can_say(one: int, other: int, verdict: str) -> None:
    (found,) = compare(RIGHT, asked(100), answers(100, one), answers(100, other))
    assert found.verdict == verdict
    assert (found.wins, found.losses) == (max(one - other, 0), max(other - one, 0))
    assert found.wins + found.ties + found.losses == 100


def test_less_is_better_where_the_metric_says_so() -> None:
    criteria = parse_criteria("criteria:\n  - {name: fast, metric: latency_s, threshold: 1.0}\n")
    fast = {str(i): Answer(text="", latency_s=0.5 + i / 1000) for i in range(50)}
    slow = {str(i): Answer(text="", latency_s=2.0 + i / 1000) for i in range(50)}
    assert judge(criteria, asked(50), fast)[0].verdict == "met"
    assert judge(criteria, asked(50), slow)[0].verdict == "missed"
    assert judge(criteria, asked(50), slow)[0].mean.low > 1.9
    assert compare(criteria, asked(50), fast, slow)[0].verdict == "better"


def test_what_was_not_measured_and_a_slice_without_rows_are_refused() -> None:
    fast = parse_criteria("criteria:\n  - {name: fast, metric: latency_s, threshold: 1.0}\n")
    with pytest.raises(UnusableAnswers, match="'fast': got no latency_s for question '0'"):
        judge(fast, asked(9), answers(9, 9))
    sliced = parse_criteria("criteria:\n  - {name: r, metric: exact_match, threshold: 0.5, slice: {topic: art}}\n")
    with pytest.raises(UnusableAnswers, match="no question of the slice"):
        judge(sliced, asked(9, topic="science"), answers(9, 9))


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=8))
def test_a_corrected_p_value_is_never_smaller_and_keeps_the_order(values: dict[str, float]) -> None:
    adjusted = holm(values)
    assert all(adjusted[name] >= value for name, value in values.items())
    ordered = sorted(values, key=lambda name: values[name])
    assert [adjusted[name] for name in ordered] == sorted(adjusted[name] for name in ordered)


def test_of_many_criteria_none_is_met_by_luck_more_often() -> None:
    """147 of 200 clear 0.67 when asked alone, and not beside nine other questions."""
    one = "  - {{name: c{0}, metric: exact_match, threshold: 0.67}}\n"
    alone = judge(parse_criteria("criteria:\n" + one.format(0)), asked(200), answers(200, 147))
    many = judge(parse_criteria("criteria:\n" + "".join(map(one.format, range(10)))), asked(200), answers(200, 147))
    assert alone[0].verdict == "met"
    assert {outcome.verdict for outcome in many} == {"no decision"}


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    import numpy as np

    draws = np.random.default_rng(3).random((60, 80)) < 0.4
    covered = [(mean := sampled(draw.astype(float).tolist()).interval(0.95)).low <= 0.4 <= mean.high for draw in draws]
    assert sum(covered) >= 51


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"id": "9", "answer": "a"}, "answers.jsonl:3: got the id '9'; an answer has its question"),
        ({"id": "0", "answer": "a"}, "answers.jsonl:3: got the id '0' twice"),
        ({"id": "2"}, "answers.jsonl:3: got null as answer"),
        ({"id": "2", "answer": "a", "latency_s": "fast"}, "latency_s 'fast'"),
        (None, "answers.jsonl: got no answer to 1 questions, '2' among them"),
    ],
)
def test_answers_that_do_not_fit_the_questions_are_refused(tmp_path: Path, line: Any, said: str) -> None:
    rows = [{"id": "0", "answer": "a"}, {"id": "1", "answer": "b", "latency_s": 1}, *([line] if line else [])]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UnusableAnswers) as refused:
        read_answers(path, asked(3))
    assert said in str(refused.value)


def test_answers_are_read_with_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"id": "0", "answer": "a", "latency_s": 1, "stopped": true}\n')
    assert read_answers(path, asked(1)) == {"0": Answer(text="a", latency_s=1.0, stopped=True)}
