"""What an evaluation means: each rule fires when it should and not otherwise; the gate lets nothing else through."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.errors import ValidationRefused
from brickyard_pipelines.finetuning.benchmark.asking import Asked
from brickyard_pipelines.finetuning.benchmark.standing import standings
from brickyard_pipelines.finetuning.errors import NotEvaluated
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.judgement import compare, judge
from brickyard_pipelines.finetuning.evaluation.questions import Question
from brickyard_pipelines.finetuning.interpretation import close_up
from brickyard_pipelines.finetuning.interpretation.facts import Seen, facts_of
from brickyard_pipelines.finetuning.interpretation.rules import FACTS, RULES, advice
from brickyard_pipelines.finetuning.interpretation.verdict import verdict
from brickyard_pipelines.finetuning.plan import parse_criteria
from brickyard_pipelines.finetuning.registration.gate import passed_tags, require_passed
from brickyard_pipelines.ml.registry import promotion

RIGHT = parse_criteria("criteria:\n  - {name: right, metric: exact_match, threshold: 0.5, min_gain: 0.1}\n")
# Facts of a model that is good in every way, and those that make each rule fire.
GOOD = {
    **dict.fromkeys(FACTS, 0.0),
    "weight_met": 1.0,
    "better": 1.0,
    "test_shortfall": -0.1,
    "train_shortfall": -0.1,
    "general_worse": 0.0,
    "stopped": 1.0,
    "train_rows": 5000.0,
    "test_rows": 500.0,
}
FIRES: Mapping[str, Mapping[str, float]] = {
    "ready": {},
    "undecided": {"weight_undecided": 0.5, "rows_needed": 900.0},
    "few-test-rows": {"test_rows": 49.0},
    "worse-than-base": {"worse": 1.0},
    "no-gain": {"better": 0.0, "weight_met": 0.5},
    "not-learnt": {"test_shortfall": 0.2, "train_shortfall": 0.1},
    "learnt-not-general": {"test_shortfall": 0.2},
    "memorised": {"memorised_gap": 0.3},
    "few-rows": {"train_rows": 199.0, "weight_met": 0.5},
    "forgetting": {"general_worse": 1.0},
    "does-not-stop": {"stopped": 0.9},
    "declines-more": {"refusal_rise": 0.06},
    "domain-unknown": {"perplexity_missed": 1.0},
    "weak-slice": {"slice_gap": 0.15},
    "a-rival-will-do": {"rivals_meeting": 1.0, "weight_met": 0.5},
    "a-rival-is-better": {"rivals_better": 1.0},
}


def fired(facts: Mapping[str, float]) -> set[str]:
    return {each.rule for each in advice(facts)}


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_every_rule_fires_when_it_should_and_not_otherwise(rule: str) -> None:
    assert rule in fired({**GOOD, **FIRES[rule]})
    quiet = {**GOOD, "weight_met": 0.5} if rule == "ready" else GOOD
    assert rule not in fired(quiet)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_nothing_of_what_was_not_measured(rule: Any) -> None:
    for test in rule.when:
        facts = {name: value for name, value in {**GOOD, **FIRES[rule.name]}.items() if name != test.fact}
        assert rule.name not in fired(facts)


def test_rules_name_only_facts_that_there_are() -> None:
    named = {test.fact for rule in RULES for test in rule.when}
    named |= {name for rule in RULES for name in re.findall(r"{(\w+)", rule.means + rule.do)}
    assert named <= FACTS.keys()
    assert {rule.name for rule in RULES} == FIRES.keys()


@given(st.dictionaries(st.sampled_from(sorted(FACTS)), st.floats(-10, 1e6)))
def test_advice_is_told_in_whole_sentences_whatever_was_measured(facts: dict[str, float]) -> None:
    for each in advice(facts):
        assert "{" not in each.means + each.do


def questions(count: int, **slices: str) -> list[Question]:
    said = ({"role": "user", "content": "?"},)
    return [
        Question(
            id=str(i),
            references=("yes",),
            slices=slices or {"kind": "odd" if i % 2 else "even"},
            cluster=str(i),
            messages=said,
        )
        for i in range(count)
    ]


def said(count: int, right: int, *, stopped: bool = True) -> dict[str, Answer]:
    return {str(i): Answer(text="yes" if i < right else "no", stopped=stopped) for i in range(count)}


def seen(tuned: int, base: int, *, learnt: int = 0, rival: int = 0, count: int = 100) -> dict[str, float]:
    asked = questions(count)
    answers = {
        "tuned": Asked(answers=said(count, tuned), failed={}),
        "base": Asked(answers=said(count, base, stopped=False), failed={}),
        "rival": Asked(answers=said(count, rival), failed={}),
    }
    found = standings(RIGHT, asked, answers, {name: {} for name in answers}, reference="base")
    return facts_of(
        Seen(
            criteria=RIGHT,
            questions=asked,
            standings=found,
            tuned=answers["tuned"].answers,
            base=answers["base"].answers,
            slices=close_up.by_slice(RIGHT.criteria[0], asked, answers["tuned"].answers, answers["base"].answers),
            general=None,
            learnt=asked[:50],
            learnt_answers=said(50, learnt),
            train_rows=1000,
            pretrained=False,
        )
    )


def test_facts_are_what_was_answered() -> None:
    facts = seen(80, 30, learnt=50)
    assert (facts["weight_met"], facts["better"], facts["worse"]) == (1.0, 1.0, 0.0)
    assert facts["test_shortfall"] == pytest.approx(-0.3)
    assert (facts["memorised_train"], facts["memorised_test"]) == (1.0, 0.8)
    assert (facts["stopped"], facts["rivals_better"], facts["test_rows"]) == (1.0, 0.0, 100.0)
    assert "general_worse" not in facts


def test_a_rival_that_is_clearly_better_is_seen() -> None:
    facts = seen(40, 30, rival=95)
    assert (facts["rivals_better"], facts["rivals_meeting"]) == (1.0, 1.0)


def test_an_unanswered_question_judges_nobody() -> None:
    asked = questions(20)
    answers = {
        "base": Asked(answers=said(20, 5), failed={}),
        "late": Asked(answers={k: v for k, v in said(20, 20).items() if k != "3"}, failed={"3": "status 503"}),
    }
    found = standings(RIGHT, asked, answers, {name: {} for name in answers}, reference="base")
    assert (found[-1].name, found[-1].outcomes, found[-1].differences) == ("late", (), ())
    assert "1 of 20 questions have no answer, '3' among them: status 503" in found[-1].not_judged


@pytest.mark.parametrize(
    ("tuned", "base", "champion", "general", "passed", "reason"),
    [
        (90, 30, None, None, True, "right met"),
        (55, 30, None, None, False, "right no decision"),
        (90, 85, None, None, False, "right over the base"),
        (80, 30, 99, None, False, "right beside the champion worse"),
        (90, 30, 85, None, True, "right met"),
        (90, 30, None, (20, 60), False, "general right worse"),
    ],
)
def test_a_tuned_model_passes_only_when_everything_holds(
    tuned: int, base: int, champion: int | None, general: tuple[int, int] | None, *, passed: bool, reason: str
) -> None:
    asked = questions(100)

    def over(one: int, other: int) -> Any:
        return compare(RIGHT, asked, said(100, one), said(100, other))

    found = verdict(
        RIGHT,
        judge(RIGHT, asked, said(100, tuned)),
        over(tuned, base),
        [] if champion is None else over(tuned, champion),
        [] if general is None else over(*general),
    )
    assert found.passed == passed
    assert reason in found.reason


def test_slices_and_worst_cases_show_where_it_lost() -> None:
    asked = questions(40)
    tuned = {str(i): Answer(text="yes" if i % 2 else "no") for i in range(40)}
    item = RIGHT.criteria[0]
    even, odd = close_up.by_slice(item, asked, tuned, said(40, 40))
    assert ((even.value, even.tuned, even.losses), (odd.value, odd.tuned, odd.ties)) == (
        ("even", 0.0, 20),
        ("odd", 1.0, 20),
    )
    assert close_up.slice_gap(item, [even, odd], 0.5) == 0.5
    worst = close_up.cases(item, asked, tuned, said(40, 40))
    assert [case.gain for case in worst] == [-1.0] * 20 + [0.0] * 20


EVALUATION: dict[str, Any] = {
    "schema": 1,
    "passed": True,
    "reason": "right met",
    "facts": {"criteria": "c1", "champion": "2"},
    "candidates": [{"name": "tuned", "identity": {"sha256": "m1"}}],
}


def required(evaluation: Mapping[str, Any], **changed: str) -> str:
    return require_passed(evaluation, **{"model_sha256": "m1", "criteria_sha256": "c1", "champion": "2", **changed})


def test_only_the_model_that_was_judged_is_registered() -> None:
    assert required(EVALUATION) == "right met"
    for changed, said_ in (
        ({"model_sha256": "m2"}, "got the model m1, now it is m2"),
        ({"criteria_sha256": "c2"}, "got the criteria c1"),
        ({"champion": "3"}, "got the champion 2, now it is 3"),
    ):
        with pytest.raises(NotEvaluated, match=said_):
            required(EVALUATION, **changed)
    with pytest.raises(NotEvaluated, match="got none of this release"):
        required({**EVALUATION, "schema": 0})
    for word in (False, "yes", None):
        with pytest.raises(ValidationRefused):
            required({**EVALUATION, "passed": word})


def test_a_passed_evaluation_is_what_step_03_asks_for() -> None:
    tags = passed_tags(model="c.s.m", version="4", champion="2", reason="right met", job_run_id="7")
    why = promotion.require_passed(tags, model="c.s.m", version="4", champion="2", job_run_id="7")
    assert why == "right met"
