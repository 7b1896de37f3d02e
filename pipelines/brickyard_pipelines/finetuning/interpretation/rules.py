"""What to do next, as rules that are data: which facts must hold, what they mean, what follows. Pure.

A rule whose facts were not all measured does not fire: what nobody looked at says nothing.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Facts = Mapping[str, float]
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# Every fact that rules may name, and what it is.
FACTS: Mapping[str, str] = {
    "weight_met": "share of the criteria's weight that the tuned model meets",
    "weight_missed": "share that it misses",
    "weight_undecided": "share that the rows could not decide",
    "rows_needed": "most rows that an undecided criterion would need",
    "better": "criteria by which it is better than its base model",
    "worse": "criteria by which it is worse than its base model",
    "test_shortfall": "by how much it falls short of the weightiest criterion on untouched rows; above 0 is short",
    "train_shortfall": "the same on rows that it has learnt from",
    "memorised_train": "share of trained prompts that it answers word for word",
    "memorised_test": "share of untouched prompts that it answers word for word",
    "memorised_gap": "the first less the second",
    "general_worse": "measures of general ability by which it is worse than its base model",
    "stopped": "share of its answers that end by themselves",
    "refusal_rise": "share of its answers that decline, less that of its base model",
    "perplexity_missed": "criteria of perplexity that it misses",
    "pretrained": "1 where it was trained on plain text",
    "slice_gap": "by how much its worst slice is below all rows, on a weightiest criterion between 0 and 1",
    "rivals_meeting": "other candidates that meet every criterion",
    "rivals_better": "other candidates that are better by some criterion and worse by none",
    "train_rows": "rows that it has learnt from",
    "test_rows": "untouched rows that it was judged on",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """A fact beside a bound."""

    fact: str
    compare: Literal["<", "<=", ">", ">="]
    bound: float

    def holds(self, facts: Facts) -> bool:
        """Whether it was measured, and is so."""
        return self.fact in facts and _COMPARE[self.compare](facts[self.fact], self.bound)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """When every test holds: what it means, and the next step. `{fact}` in a text stands for its number."""

    name: str
    when: tuple[Test, ...]
    means: str
    do: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """A rule that fired, with its numbers."""

    rule: str
    means: str
    do: str


def when(fact: str, compare: Literal["<", "<=", ">", ">="], bound: float) -> Test:
    """A test, short to write."""
    return Test(fact=fact, compare=compare, bound=bound)


RULES: tuple[Rule, ...] = (
    Rule(
        name="ready",
        when=(when("weight_met", ">=", 1), when("general_worse", "<=", 0)),
        means="Every criterion is met, and general ability is not seen to have suffered.",
        do="Register it; the endpoint's canary is the next witness.",
    ),
    Rule(
        name="undecided",
        when=(when("weight_undecided", ">", 0), when("rows_needed", ">", 0)),
        means="{weight_undecided:.0%} of the weight could not be decided on {test_rows:.0f} rows.",
        do="Hold out more rows: about {rows_needed:,.0f} would decide. Do not tune on these until the words agree.",
    ),
    Rule(
        name="few-test-rows",
        when=(when("test_rows", "<", 50),),
        means="{test_rows:.0f} untouched rows show large effects only.",
        do="Hold out 200 rows or more before small differences are believed.",
    ),
    Rule(
        name="worse-than-base",
        when=(when("worse", ">", 0),),
        means="By {worse:.0f} criteria the base model was better.",
        do="Lower training.learning_rate or the epochs, and read the samples of the data's report: what is learnt, and"
        " is it right?",
    ),
    Rule(
        name="no-gain",
        when=(when("better", "<=", 0), when("worse", "<=", 0), when("weight_met", "<", 1)),
        means="Nobody can tell it from its base model.",
        do="Train longer or with a higher learning rate; where the loss fell, the data does not hold what is asked.",
    ),
    Rule(
        name="not-learnt",
        when=(when("test_shortfall", ">", 0), when("train_shortfall", ">", 0)),
        means="It falls short on what it has learnt from, too: by {train_shortfall:.3g}.",
        do="Scale: more epochs, a higher lora.rank, method full, then a larger base model.",
    ),
    Rule(
        name="learnt-not-general",
        when=(when("test_shortfall", ">", 0), when("train_shortfall", "<=", 0)),
        means="What it was shown it can do; what it was not shown it cannot.",
        do="More rows of more kinds. Where the answers are facts, give it the documents when it is asked (RAG): a fact"
        " that stands in no training row cannot be learnt from the others.",
    ),
    Rule(
        name="memorised",
        when=(when("memorised_gap", ">=", 0.3),),
        means="{memorised_train:.0%} of trained prompts are answered word for word, {memorised_test:.0%} of untouched.",
        do="Fewer epochs or more rows; and make sure that training holds nothing that answers must not repeat.",
    ),
    Rule(
        name="few-rows",
        when=(when("train_rows", "<", 200), when("weight_met", "<", 1)),
        means="It has learnt from {train_rows:.0f} rows.",
        do="More data first: hundreds of rows for a style, thousands for a skill.",
    ),
    Rule(
        name="forgetting",
        when=(when("general_worse", ">", 0),),
        means="General ability fell by {general_worse:.0f} measures.",
        do="Mix general rows into training (a tenth is usual), use lora with a lower rank, or fewer epochs.",
    ),
    Rule(
        name="does-not-stop",
        when=(when("stopped", "<", 0.95),),
        means="{stopped:.0%} of its answers end by themselves, the others are cut off.",
        do="Look at the stop token in the report of the data; where answers are long, raise evaluation.max_new_tokens.",
    ),
    Rule(
        name="declines-more",
        when=(when("refusal_rise", ">", 0.05),),
        means="It declines more often than its base model, by {refusal_rise:.0%} of all questions.",
        do="Search the training rows for refusals, and take those out that are not meant.",
    ),
    Rule(
        name="domain-unknown",
        when=(when("perplexity_missed", ">", 0), when("pretrained", "<=", 0)),
        means="The language of the domain surprises it.",
        do="Continued pre-training on the domain's documents, before fine-tuning on pairs.",
    ),
    Rule(
        name="weak-slice",
        when=(when("slice_gap", ">=", 0.15),),
        means="One slice is {slice_gap:.2f} below the whole.",
        do="Add rows of that slice, and give it a criterion of its own.",
    ),
    Rule(
        name="a-rival-will-do",
        when=(when("rivals_meeting", ">", 0), when("weight_met", "<", 1)),
        means="{rivals_meeting:.0f} models meet every criterion as they are.",
        do="Use one of them, or start from it.",
    ),
    Rule(
        name="a-rival-is-better",
        when=(when("rivals_better", ">", 0),),
        means="{rivals_better:.0f} models are better as they are, and worse in nothing.",
        do="Weigh their cost and latency against another round of training.",
    ),
)


def advice(facts: Facts, rules: Sequence[Rule] = RULES) -> list[Advice]:
    """What follows from the facts.

    >>> [each.rule for each in advice({"test_rows": 10.0})]
    ['few-test-rows']
    """
    return [
        Advice(rule=rule.name, means=_said(rule.means, facts), do=_said(rule.do, facts))
        for rule in rules
        if all(test.holds(facts) for test in rule.when)
    ]


def _said(text: str, facts: Facts) -> str:
    return text.format_map({name: facts.get(name, float("nan")) for name in FACTS})
