"""Candidates asked the same questions: files, endpoints, what happens when one is killed or does not answer."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from answer_files import write_task
from brickyard_pipelines.finetuning.benchmark.asking import ask
from brickyard_pipelines.finetuning.benchmark.summary import taken
from brickyard_pipelines.finetuning.candidates.endpoint import Endpoint, Reply
from brickyard_pipelines.finetuning.candidates.protocol import Failed, Needs, needs_of
from brickyard_pipelines.finetuning.command import main
from brickyard_pipelines.finetuning.errors import OutputTaken, UnusableAnswers, UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.judgement import compare, judge
from brickyard_pipelines.finetuning.evaluation.questions import Question, read_questions
from brickyard_pipelines.finetuning.plan import parse_criteria
from brickyard_pipelines.finetuning.plan.evaluation import Price

WORDS = Needs(words=True, perplexity=False, choices=False, max_new_tokens=16)


def asked(count: int, choices: tuple[str, ...] = ()) -> list[Question]:
    said = ({"role": "user", "content": "Yes?"},)
    return [
        Question(id=str(i), references=("yes",), slices={}, cluster=str(i), messages=said, choices=choices)
        for i in range(count)
    ]


class Told:
    """A candidate that counts what it is asked, and breaks when it is told to."""

    name = "told"
    batch_size = 4
    identity: Mapping[str, str] = {"kind": "told"}

    def __init__(self, *, breaks_at: int = 10**9, fails: tuple[str, ...] = ()) -> None:
        self.asked: list[str] = []
        self._breaks_at, self.fails = breaks_at, fails

    def answer(self, questions: Sequence[Question], needs: Needs) -> list[Answer | Failed]:
        del needs
        if len(self.asked) >= self._breaks_at:
            raise KeyboardInterrupt
        self.asked += [question.id for question in questions]
        return [
            Failed(reason="busy")
            if question.id in self.fails
            else Answer(text="yes", latency_s=1.0, busy_s=0.5, prompt_tokens=1_000_000, answer_tokens=2)
            for question in questions
        ]

    def close(self) -> None: ...


def test_who_is_killed_asks_again_only_what_was_not_answered(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(Told(breaks_at=8), asked(18), WORDS, tmp_path)
    again = Told()
    found = ask(again, asked(18), WORDS, tmp_path)
    assert again.asked == [str(i) for i in range(8, 18)]
    assert list(found.answers) == [str(i) for i in range(18)]
    done = Told()
    assert ask(done, asked(18), WORDS, tmp_path) == found
    assert done.asked == []


def test_answers_to_other_questions_are_not_taken_up(tmp_path: Path) -> None:
    ask(Told(), asked(4), WORDS, tmp_path)
    with pytest.raises(OutputTaken, match="questions_sha256"):
        ask(Told(), asked(5), WORDS, tmp_path)


def test_what_failed_is_counted_never_kept_and_asked_again(tmp_path: Path) -> None:
    found = ask(Told(fails=("2", "3")), asked(6), WORDS, tmp_path)
    assert found.failed == {"2": "busy", "3": "busy"}
    again = Told()
    assert len(ask(again, asked(6), WORDS, tmp_path).answers) == 6
    assert again.asked == ["2", "3"]


def test_a_price_makes_costs_of_what_was_measured(tmp_path: Path) -> None:
    price = Price(input_per_million=2.0, output_per_million=3.0, per_hour=7.2)
    answer = ask(Told(), asked(1), WORDS, tmp_path, price=price).answers["0"]
    assert answer.cost == pytest.approx(2.0 + 6e-6 + 0.001)


def test_a_summary_is_of_all_answers_or_is_left_out() -> None:
    timed = [Answer(text="", latency_s=i, busy_s=1.0, answer_tokens=3, stopped=i > 1) for i in range(1, 5)]
    assert (taken(timed).tokens_per_second, taken(timed).latency_p50_s, taken(timed).cut_off) == (3.0, 2.5, 0.25)
    assert taken([*timed, Answer(text="")]).latency_p99_s is None


def chat(text: Any, **more: Any) -> dict[str, Any]:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
    return {"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 7}}


def endpoint(*replies: Reply) -> tuple[Endpoint, list[Any], list[float]]:
    """One that answers in this order; what it was sent, and how long it was left alone in between."""
    waiting, sent, slept = list(replies), list[Any](), list[float]()

    def post(body: Mapping[str, Any]) -> Reply:
        sent.append(body)
        return waiting.pop(0)

    return Endpoint("e", "e", post, sleep=slept.append), sent, slept


def test_an_endpoint_is_asked_in_openais_words_and_measured() -> None:
    asks, sent, _ = endpoint(Reply(status=200, document=chat("Paris")))
    (answer,) = asks.answer(asked(1), WORDS)
    assert isinstance(answer, Answer)
    assert sent == [{"messages": [{"role": "user", "content": "Yes?"}], "max_tokens": 16, "temperature": 0.0}]
    assert (answer.text, answer.stopped, answer.prompt_tokens, answer.answer_tokens) == ("Paris", True, 5, 7)
    assert answer.latency_s is not None


def test_a_busy_endpoint_is_left_alone_as_long_as_it_asks_for() -> None:
    busy = [
        Reply(status=429, document="", retry_after_s=9.0),
        Reply(status=503, document=""),
        Reply(status=0, document=""),
    ]
    asks, sent, slept = endpoint(*busy, Reply(status=200, document=chat([{"type": "text", "text": "a"}])))
    (answer,) = asks.answer(asked(1), WORDS)
    assert isinstance(answer, Answer)
    assert (answer.text, len(sent), slept) == ("a", 4, [9.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("reply", "said", "tries"),
    [
        (Reply(status=400, document={"message": "too long"}), "status 400: too long", 1),
        (Reply(status=500, document="down"), "status 500: down", 6),
        (Reply(status=200, document={"error": 1}), "no chat completion", 1),
        (Reply(status=200, document=chat(None)), "an answer without text", 1),
    ],
)
def test_an_endpoint_that_does_not_answer_fails_the_question_with_its_reason(
    reply: Reply, said: str, tries: int
) -> None:
    asks, sent, _ = endpoint(*[reply] * 6)
    (failed,) = asks.answer(asked(1), WORDS)
    assert isinstance(failed, Failed)
    assert said in failed.reason
    assert len(sent) == tries


def test_an_endpoint_is_refused_where_likelihoods_are_wanted() -> None:
    asks, _, _ = endpoint()
    with pytest.raises(UnusableCandidate, match="a chat endpoint says no likelihoods"):
        asks.answer(asked(1), Needs(words=True, perplexity=True, choices=False, max_new_tokens=1))


def test_perplexity_counts_every_token_once_and_is_compared_by_bytes() -> None:
    criteria = parse_criteria("criteria:\n  - {name: p, metric: perplexity, threshold: 3.0}\n")
    assert needs_of(criteria, max_new_tokens=1) == Needs(words=False, perplexity=True, choices=False, max_new_tokens=1)
    sure = {str(i): Answer(text="", nll=1.0 if i % 2 else 9.0, scored_tokens=1 if i % 2 else 9) for i in range(40)}
    torn = {name: Answer(text="", nll=(answer.nll or 0) * 2, scored_tokens=99) for name, answer in sure.items()}
    (outcome,) = judge(criteria, asked(40), sure)
    assert outcome.mean.mean == pytest.approx(2.718281828)  # exp(200 nats / 200 tokens)
    assert outcome.mean.low <= outcome.mean.mean <= outcome.mean.high
    (difference,) = compare(criteria, asked(40), sure, torn)
    assert (difference.verdict, difference.wins) == ("better", 40)
    assert difference.mean.mean == pytest.approx(200 / 120)  # nats gained per byte of 40 times 'yes'


def test_the_likeliest_choice_is_right_or_wrong() -> None:
    criteria = parse_criteria("criteria:\n  - {name: c, metric: multiple_choice, threshold: 0.5}\n")
    answers = {str(i): Answer(text="", chosen="yes" if i < 9 else "no") for i in range(10)}
    assert judge(criteria, asked(10, ("yes", "no")), answers)[0].mean.mean == 0.9
    with pytest.raises(UnusableAnswers, match="got no choice"):
        judge(criteria, asked(10), answers)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    lines = {
        "questions": [{"id": i, "prompt": f"Say {i}.", "reference": str(i), "kind": "even"} for i in range(40)],
        "good": [{"id": i, "answer": str(i), "latency_s": 0.1} for i in range(40)],
        "bad": [{"id": i, "answer": "no", "latency_s": 0.2} for i in range(40)],
    }
    (tmp_path / "criteria.yaml").write_text("criteria:\n  - {name: right, metric: exact_match, threshold: 0.5}\n")
    return write_task(tmp_path, lines)


def benchmark(task: Path, *more: str) -> None:
    only = [f"--candidate={name}" for name in ("good", "bad")]
    main(["benchmark", "--plan", str(task), "--output", str(task.parent / "out"), *only, *more])


def test_a_benchmark_orders_its_candidates_and_leaves_a_page(task: Path, capsys: Any) -> None:
    benchmark(task, "--reference", "bad")
    found = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["met"]) for each in found["candidates"]] == [("good", 1.0), ("bad", 0.0)]
    document = json.loads((task.parent / "out" / "benchmark.json").read_text())
    good = document["candidates"][0]
    assert (good["differences"][0]["verdict"], good["differences"][0]["wins"]) == ("better", 40)
    assert document["candidates"][1]["differences"] == []
    page = Path(found["report"]).read_text()
    assert "right: exact_match at least 0.5" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: bad,", "name: base,", "plan.yaml:12: evaluation.candidates[1].name: got 'base'"),
        ("name: bad,", "name: a/b,", "a name is letters, digits, . _ and -"),
        ("answers: bad.jsonl", "answers: bad.jsonl, endpoint: e", "got endpoint and answers; a candidate is one of"),
        ("answers: bad.jsonl", "model: c.s.m", "a model is named with its version or alias"),
        ("answers: bad.jsonl", "answers: bad.jsonl, price: {per_hour: -1}", "a price is not negative"),
        ("questions: questions.jsonl", "max_new_tokens: 0", "evaluation.max_new_tokens: got 0"),
        ("questions: questions.jsonl", "batch_size: 4", "Give --data"),
        ("answers: bad.jsonl", "answers: none.jsonl", "none.jsonl: got no such file"),
    ],
)
def test_a_candidate_that_cannot_be_asked_is_refused_with_its_place(task: Path, old: str, new: str, said: str) -> None:
    task.write_text(task.read_text().replace(old, new))
    with pytest.raises(SystemExit) as refused:
        benchmark(task)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"reference": "a", "prompt": 3}, "q.jsonl:1: got 3; a prompt is a text"),
        ({"reference": "a", "prompt": "p", "messages": []}, "got prompt and messages"),
        ({"reference": "a", "messages": [{"role": "king", "content": "x"}]}, "a role is one of"),
        ({"reference": "a", "messages": [{"role": "assistant", "content": "x"}]}, "the model answers the last turn"),
        ({"reference": "a", "choices": ["b", "c"]}, "a reference is among them"),
        ({"reference": "a", "choices": ["a"]}, "there are two choices at least"),
        ({"prompt": "p"}, "got null as reference"),
    ],
)
def test_a_question_that_is_none_is_refused_with_its_line(tmp_path: Path, line: Any, said: str) -> None:
    (tmp_path / "q.jsonl").write_text(json.dumps({"id": "1", **line}))
    with pytest.raises(UnusableAnswers) as refused:
        read_questions(tmp_path / "q.jsonl", cluster_by=None)
    assert said in str(refused.value)


def test_a_question_that_asks_nothing_is_refused_before_anybody_is_asked(task: Path) -> None:
    rows = [{"id": i, "reference": str(i)} for i in range(40)]
    (task.parent / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(SystemExit, match="neither prompt nor messages in 40 questions"):
        benchmark(task)


def samples(task: Path, rows: list[dict[str, Any]]) -> None:
    """What lm-eval has logged, in the place of the second candidate."""
    (task.parent / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task.write_text(task.read_text().replace("answers: bad.jsonl", "lm_eval: samples.jsonl"))


def generated(number: int) -> dict[str, Any]:
    """A sample of a task that generates."""
    asked = {"gen_args_0": {"arg_0": f"Say {number}.", "arg_1": {"until": ["\n"]}}}
    return {"doc_id": number, "arguments": asked, "resps": [["x"]], "filtered_resps": [str(number)], "filter": "none"}


def test_what_lm_eval_has_asked_is_judged_by_the_customers_criteria(task: Path) -> None:
    samples(task, [generated(number) for number in range(40)])
    benchmark(task)
    found = json.loads((task.parent / "out" / "benchmark.json").read_text())["candidates"]
    assert {each["name"]: each["outcomes"][0]["mean"]["mean"] for each in found} == {"good": 1.0, "bad": 1.0}


def test_of_lm_evals_log_likelihoods_the_likeliest_choice_is_the_answer(task: Path) -> None:
    rows = [{"id": i, "prompt": "Yes?", "reference": "yes", "choices": ["yes", "no"]} for i in range(8)]
    (task.parent / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (task.parent / "criteria.yaml").write_text("criteria: [{name: right, metric: multiple_choice, threshold: 0.5}]\n")
    requests = {f"gen_args_{at}": {"arg_0": "Yes?", "arg_1": text} for at, text in enumerate((" yes", " no"))}
    likely = [
        [["-1.0", "True"], ["-2.0", "False"]],
        [[-3.0, False], [-2.0, False]],
    ]  # as 0.4.13 writes them, and before
    samples(task, [{"doc_id": i, "arguments": requests, "filtered_resps": likely[i % 2]} for i in range(8)])
    main(["benchmark", "--plan", str(task), "--output", str(task.parent / "out"), "--candidate=bad"])
    found = json.loads((task.parent / "out" / "benchmark.json").read_text())["candidates"]
    assert found[0]["outcomes"][0]["mean"]["mean"] == 0.5


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([generated(1), generated(1)], "samples.jsonl:2: got doc_id 1 twice (filter 'none'); a file holds one filter"),
        ([{"doc_id": 1, "filtered_resps": [[0.5]]}], "samples.jsonl:1: got doc_id 1 with filtered_resps [[0.5]]"),
        ([{"doc_id": 1, "filtered_resps": [["nan", "False"], ["-1", "False"]]}], "got doc_id 1 with filtered_resps"),
        ([generated(1)], "got no sample of '0' and 38 others"),
    ],
)
def test_samples_that_cannot_be_judged_are_refused_with_their_line(
    task: Path, rows: list[dict[str, Any]], said: str
) -> None:
    samples(task, rows)
    with pytest.raises(SystemExit) as refused:
        benchmark(task)
    assert said in str(refused.value)
