"""A benchmark as a page that a person can read. Pure."""

import html
from collections.abc import Mapping, Sequence

from brickyard_pipelines.finetuning.benchmark.standing import Standing
from brickyard_pipelines.finetuning.benchmark.table import difference_cell, number, outcome_cell, page, table
from brickyard_pipelines.finetuning.plan.criteria import Criteria, Criterion

_GAINS = "Gains on the same questions; more is better for each. Perplexity is compared in nats per byte."
_TAKEN = (
    "p50 and p99 of what a caller waits; tokens of answers per second of the machine's time; cost by the prices of"
    " plan.yaml."
)
_RULES = (
    "A criterion is met, or missed, when its mean is clear of the threshold at the stated confidence, p-values"
    " corrected after Holm for how many were looked at; otherwise nobody can say. Intervals are of single means,"
    " resampled by cluster. A candidate with a question unanswered is not judged: run the benchmark again, it asks only"
    " those."
)


def benchmark_page(
    title: str, criteria: Criteria, found: Sequence[Standing], *, reference: str, facts: Mapping[str, str]
) -> str:
    """Criteria by candidate, gains over the reference, what answering took."""
    parts = [
        f"<p class=note>{html.escape(', '.join(f'{name}: {said}' for name, said in facts.items()))}</p>",
        f"<p>{html.escape(_RULES)}</p>",
        "<h2>Criteria</h2>",
        _criteria(criteria, found),
        f"<h2>Beside {html.escape(reference)}</h2><p class=note>{_GAINS}</p>",
        _gains(criteria, found),
        f"<h2>What answering took</h2><p class=note>{_TAKEN}</p>",
        _taken(found),
    ]
    return page(title, parts)


def describe(item: Criterion) -> str:
    """A criterion in words."""
    where = f" where {', '.join(f'{name} = {word}' for name, word in item.slice.items())}" if item.slice else ""
    bound = "at least" if item.better == "higher" else "at most"
    return f"{item.name}: {item.metric}{where} {bound} {item.threshold:g}, weight {item.weight:g}"


def _criteria(criteria: Criteria, found: Sequence[Standing]) -> str:
    rows = []
    for each in found:
        cells = [outcome_cell(outcome) for outcome in each.outcomes]
        if each.not_judged:
            cells = [html.escape(each.not_judged)] + [""] * (len(criteria.criteria) - 1)
        rows.append([html.escape(each.name), f"{each.met:.0%}", *cells])
    return table(["", "weight met", *map(describe, criteria.criteria)], rows)


def _gains(criteria: Criteria, found: Sequence[Standing]) -> str:
    rows = [[html.escape(each.name), *map(difference_cell, each.differences)] for each in found if each.differences]
    return table(["", *(item.name for item in criteria.criteria)], rows) if rows else "<p>Nothing to compare.</p>"


def _taken(found: Sequence[Standing]) -> str:
    rows = [
        [
            html.escape(each.name),
            number(each.taken.latency_p50_s),
            number(each.taken.latency_p99_s),
            number(each.taken.tokens_per_second),
            number(each.taken.answer_tokens),
            "not measured" if each.taken.cut_off is None else f"{each.taken.cut_off:.1%}",
            number(each.taken.cost),
        ]
        for each in found
    ]
    return table(["", "p50 (s)", "p99 (s)", "tokens/s", "tokens", "cut off", "cost"], rows)
