"""One answer beside its reference: a number each. Pure.

Source: Rajpurkar et al. 2016 (normalised match and token F1, as SQuAD's script has them); Lin 2004 (ROUGE, F1, without
stemming); Popović 2015 (chrF: character n-grams up to 6, recall weighted twice, as sacrebleu computes it)
"""

import json
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from brickyard_pipelines.finetuning.plan.criteria import Criterion

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_WORDS = re.compile(r"\w+")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)
_REFUSALS = re.compile(
    r"\b(i\s+(can(?:no|')t|am\s+(?:not\s+able|unable)|won't|will\s+not)\s+(?:help|assist|answer|provide|do|comply|fulfil)"
    r"|(?:i'm|i\s+am)\s+sorry,?\s+(?:but\s+)?i\b|as\s+an\s+ai(?:\s+language)?\s+model|i\s+do(?:n't|\s+not)\s+know)",
    re.IGNORECASE,
)


def normalised(text: str) -> str:
    """Lower case, without punctuation and articles, with single spaces.

    >>> normalised("The  Eiffel Tower.")
    'eiffel tower'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, reference: str) -> float:
    """1 where both are the same but for white space around them."""
    return float(answer.strip() == reference.strip())


def normalised_match(answer: str, reference: str) -> float:
    """1 where both are the same when normalised."""
    return float(normalised(answer) == normalised(reference))


def token_f1(answer: str, reference: str) -> float:
    """The harmonic mean of the shares of words in common.

    >>> token_f1("Paris in France", "Paris")
    0.5
    """
    return _f1(Counter(normalised(answer).split()), Counter(normalised(reference).split()))


def rouge_n(answer: str, reference: str, n: int) -> float:
    """F1 of word n-grams in common; 0 where either text is too short to have one, as rouge-score has it."""
    left, right = _grams(_words(answer), n), _grams(_words(reference), n)
    return _f1(left, right) if left and right else 0.0


def rouge_l(answer: str, reference: str) -> float:
    """F1 of the longest common subsequence of words.

    >>> rouge_l("the cat sat", "the cat then sat")
    0.8571428571428571
    """
    left, right = _words(answer), _words(reference)
    if not left or not right:
        return float(left == right)
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for place, other in enumerate(right, start=1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return 2 * row[-1] / (len(left) + len(right))


def chrf(answer: str, reference: str) -> float:
    """Character n-grams in common, 0 to 1 (sacrebleu prints it times 100)."""
    left, right = "".join(answer.split()), "".join(reference.split())
    precisions, recalls = [], []
    for n in range(1, 7):
        one, other = _grams(left, n), _grams(right, n)
        if one and other:
            common = (one & other).total()
            precisions.append(common / one.total())
            recalls.append(common / other.total())
    if not sum(precisions):
        return float(left == right)
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 5 * precision * recall / (4 * precision + recall)


def json_valid(answer: str, _reference: str) -> float:
    """1 where the answer is JSON, in a fence or not."""
    return float(_json(answer) is not None)


def schema_valid(answer: str, schema: Mapping[str, object]) -> float:
    """1 where the answer is JSON of this schema."""
    import jsonschema

    found = _json(answer)
    return float(found is not None and jsonschema.Draft202012Validator(schema).is_valid(found[0]))


def refusal(answer: str, _reference: str) -> float:
    """1 where the answer declines. *Gaps*: English phrases only."""
    return float(_REFUSALS.search(answer) is not None)


def words(answer: str, _reference: str) -> float:
    """How many words an answer has."""
    return float(len(_words(answer)))


_METRICS: Mapping[str, Callable[[str, str], float]] = {
    "exact_match": exact_match,
    "normalised_match": normalised_match,
    "token_f1": token_f1,
    "rouge_1": lambda answer, reference: rouge_n(answer, reference, 1),
    "rouge_2": lambda answer, reference: rouge_n(answer, reference, 2),
    "rouge_l": rouge_l,
    "chrf": chrf,
    "json_valid": json_valid,
    "refusal": refusal,
    "words": words,
}


def score(criterion: Criterion, answer: str, references: Sequence[str]) -> float:
    """What a criterion's metric says of an answer: the best over the references that there are.

    Errors: KeyError for a metric that is measured while answering (`latency_s`, `stopped`).
    """
    if criterion.pattern is not None:
        return float(re.fullmatch(criterion.pattern, answer.strip(), re.DOTALL) is not None)
    if criterion.json_schema is not None:
        return schema_valid(answer, criterion.json_schema)
    metric = _METRICS[criterion.metric]
    return max(metric(answer, reference) for reference in references or ("",))


def _json(text: str) -> tuple[object] | None:
    """The value in a tuple, since null is JSON too."""
    fenced = _FENCE.match(text)
    try:
        return (json.loads(fenced[1] if fenced else text),)
    except (ValueError, RecursionError):
        return None


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.lower())


def _grams(parts: Sequence[str], n: int) -> Counter[object]:
    return Counter(tuple(parts[at : at + n]) for at in range(len(parts) - n + 1))


def _f1(left: Counter[object] | Counter[str], right: Counter[object] | Counter[str]) -> float:
    if not left or not right:
        return float(left == right)
    common = (Counter[object](left) & Counter[object](right)).total()
    return 2 * common / (left.total() + right.total())
