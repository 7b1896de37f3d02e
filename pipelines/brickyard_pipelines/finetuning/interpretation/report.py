"""An evaluation as a page: the verdict, what it means, what to do next, and the answers side by side. Pure."""

import html
from collections.abc import Sequence

from brickyard_pipelines.finetuning.benchmark.report import describe
from brickyard_pipelines.finetuning.benchmark.table import (
    difference_cell,
    number,
    outcome_cell,
    page,
    table,
    text,
    verdict,
)
from brickyard_pipelines.finetuning.interpretation.close_up import Case
from brickyard_pipelines.finetuning.interpretation.evaluated import Evaluated
from brickyard_pipelines.finetuning.interpretation.rules import FACTS

_WORST, _BEST, _SHOWN = 20, 10, 12
_READING = (
    "A criterion is met or missed when its mean is clear of the threshold at the stated confidence, after Holm's"
    " correction; no decision is not met. Wins, ties and losses count single answers to the same question."
)


def evaluation_page(found: Evaluated) -> str:
    """The whole page."""
    word = "meets its criteria" if found.verdict.passed else "does not meet its criteria"
    parts = [
        f"<p class=note>{html.escape(', '.join(f'{name}: {said}' for name, said in found.facts.items()))}</p>",
        f"<h2>The tuned model {verdict('met' if found.verdict.passed else 'missed')}: it {word}</h2>",
        f"<p>{html.escape(found.verdict.reason)}</p><p class=note>{_READING}</p>",
        _conditions(found),
        "<h2>What it means, and what to do next</h2>",
        _advice(found),
        "<h2>All candidates</h2>",
        _candidates(found),
        f"<h2>Beside its base model, {html.escape(found.base)}</h2>",
        table(["criterion", "gain"], [[html.escape(d.criterion), difference_cell(d)] for d in found.over_base]),
        _general(found),
        _slices(found),
        f"<h2>What it lost by most</h2>{_cases([case for case in found.cases if case.gain < 0][:_WORST])}",
        f"<h2>What it won by most</h2>{_cases([case for case in found.cases[::-1] if case.gain > 0][:_BEST])}",
        f"<h2>Side by side</h2>{_cases(found.cases[:: max(len(found.cases) // _SHOWN, 1)][:_SHOWN])}",
        "<h2>The facts</h2>",
        table(["fact", "", "what it is"], [[k, number(v), FACTS[k]] for k, v in sorted(found.numbers.items())]),
    ]
    return page(found.title, parts)


def _conditions(found: Evaluated) -> str:
    rows = [
        [html.escape(each.name), html.escape(each.said), html.escape(each.needed), _holds(holds=each.passed)]
        for each in found.verdict.conditions
    ]
    return table(["condition", "what was seen", "what is needed", ""], rows, kind="words")


def _holds(*, holds: bool) -> str:
    return "<b class=yes>holds</b>" if holds else "<b class=no>does not hold</b>"


def _advice(found: Evaluated) -> str:
    if not found.advice:
        return "<p>No rule fired: read the answers below.</p>"
    rows = [[html.escape(each.rule), html.escape(each.means), html.escape(each.do)] for each in found.advice]
    return table(["rule", "what it means", "what to do"], rows, kind="words")


def _candidates(found: Evaluated) -> str:
    head = ["", "weight met", *map(describe, found.criteria.criteria), "p50 (s)", "tokens/s", "cut off"]
    rows = []
    for each in found.standings:
        cells = [outcome_cell(outcome) for outcome in each.outcomes]
        if each.not_judged:
            cells = [html.escape(each.not_judged)] + [""] * (len(found.criteria.criteria) - 1)
        cut = "not measured" if each.taken.cut_off is None else f"{each.taken.cut_off:.1%}"
        took = [number(each.taken.latency_p50_s), number(each.taken.tokens_per_second), cut]
        rows.append([html.escape(each.name), f"{each.met:.0%}", *cells, *took])
    return table(head, rows)


def _general(found: Evaluated) -> str:
    if not found.general:
        return "<h2>General ability</h2><p class=note>Not looked at: plan.yaml has no evaluation.general.</p>"
    rows = [[html.escape(each.criterion), difference_cell(each)] for each in found.general]
    return f"<h2>General ability, beside {html.escape(found.base)}</h2>{table(['measure', 'gain'], rows)}"


def _slices(found: Evaluated) -> str:
    if not found.slices:
        return ""
    rows = [
        [
            html.escape(f"{each.name} = {each.value}"),
            str(each.rows),
            number(each.tuned),
            number(each.base),
            f"{each.wins} won, {each.ties} tied, {each.losses} lost",
        ]
        for each in found.slices
    ]
    return "<h2>By slice, on the weightiest criterion</h2>" + table(["slice", "rows", "tuned", "base", ""], rows)


def _cases(cases: Sequence[Case]) -> str:
    if not cases:
        return "<p>None.</p>"
    rows = [
        [html.escape(each.id), text(each.asked), text(each.reference), text(each.tuned), text(each.base)]
        for each in cases
    ]
    return table(["id", "asked", "reference", "tuned", "base"], rows, kind="words")
