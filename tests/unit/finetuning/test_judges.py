"""A language model as judge: asked both ways round, parsed strictly, and never needed to pass unless that is wanted."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer_files import write_task
from brickyard_pipelines.finetuning.command import main
from brickyard_pipelines.finetuning.errors import InvalidPlan
from brickyard_pipelines.finetuning.evaluation.judgement import Difference, Outcome
from brickyard_pipelines.finetuning.evaluation.judging import preferred
from brickyard_pipelines.finetuning.evaluation.statistics import Mean
from brickyard_pipelines.finetuning.interpretation.verdict import verdict
from brickyard_pipelines.finetuning.plan import parse_criteria

RIGHT = "  - {name: right, metric: exact_match, threshold: 0.5}\n"
ASKED = "Q{question} A[{first}] B[{second}]"
JUDGED = f'  - {{name: liked, metric: judge, threshold: 0.4, judge: {{endpoint: j, prompt: "{ASKED}"}}}}\n'
Say = Callable[[str], str]


class Judge:
    """A workspace with one endpoint, which says what it is told to; what it was asked."""

    def __init__(self, say: Say) -> None:
        self.say, self.asked = say, list[str]()
        judge = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = body["messages"][-1]["content"]
                judge.asked.append(text)
                choice = {"message": {"role": "assistant", "content": judge.say(text)}, "finish_reason": "stop"}
                answer = json.dumps({"model": "judge-1", "choices": [choice]}).encode()
                self.send_response(200 if self.path == "/serving-endpoints/j/invocations" else 404)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 the base class names it so

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Judge]:
    found = Judge(fair)
    monkeypatch.setenv("DATABRICKS_HOST", f"http://127.0.0.1:{found.server.server_port}")
    monkeypatch.setenv("DATABRICKS_TOKEN", "t")
    yield found
    found.server.shutdown()
    found.server.server_close()


def fair(text: str) -> str:
    """The one that is a number wins."""
    first, second = text.split("A[")[1].split("]", maxsplit=1)[0], text.split("B[")[1].rstrip("]")
    better = "tie" if first == second else "first" if first.isdecimal() else "second"
    return json.dumps({"better": better, "reason": "it is a number"})


@pytest.fixture
def task(tmp_path: Path) -> Path:
    lines = {
        "questions": [{"id": i, "prompt": f"Say {i}.", "reference": str(i)} for i in range(12)],
        "good": [{"id": i, "answer": str(i)} for i in range(12)],
        "bad": [{"id": i, "answer": "no"} for i in range(12)],
    }
    return write_task(tmp_path, lines).parent


def benchmark(task: Path, criteria: str) -> dict[str, Any]:
    (task / "criteria.yaml").write_text(f"criteria:\n{criteria}")
    only = ["--candidate=good", "--candidate=bad"]
    main(["benchmark", "--plan", str(task / "plan.yaml"), "--output", str(task / "out"), *only])
    document = json.loads((task / "out" / "benchmark.json").read_text())
    return {"facts": document["facts"], **{each["name"]: each for each in document["candidates"]}}


def means(standing: dict[str, Any]) -> dict[str, float]:
    return {each["criterion"]: each["mean"]["mean"] for each in standing["outcomes"]}


def test_an_answer_is_shown_in_both_places_and_its_number_is_their_mean(task: Path, judge: Judge) -> None:
    found = benchmark(task, RIGHT + JUDGED)
    assert means(found["good"]) == {"right": 1.0, "liked": 0.5}  # as good as the reference, which it is
    assert means(found["bad"]) == {"right": 0.0, "liked": 0.0}
    assert {"QSay 3. A[no] B[3]", "QSay 3. A[3] B[no]"} <= set(judge.asked)
    assert len(judge.asked) == 2 * 2 * 12
    benchmark(task, RIGHT + JUDGED)
    assert len(judge.asked) == 2 * 2 * 12  # what was said is kept


def test_who_favours_a_place_says_nothing(task: Path, judge: Judge) -> None:
    judge.say = lambda _: '{"better": "first"}'
    assert means(benchmark(task, RIGHT + JUDGED)["bad"])["liked"] == 0.5


@pytest.mark.parametrize(
    ("criterion", "said"),
    [
        (JUDGED, "'The first.' is none of"),
        (
            JUDGED.replace("endpoint: j", "endpoint: j, model: judge-2"),
            "an answer of the model 'judge-1', where 'judge-2'",
        ),
        (JUDGED.replace("endpoint: j", "endpoint: gone"), "status 404"),
    ],
)
def test_a_judges_error_is_no_number_and_stops_nobody(task: Path, judge: Judge, criterion: str, said: str) -> None:
    judge.say = lambda _: "The first."
    found = benchmark(task, RIGHT + criterion)
    assert means(found["good"]) == {"right": 1.0}
    assert said in found["facts"]["criterion liked"]
    assert "24 answers without a verdict; good, question '0'" in found["facts"]["criterion liked"]


def test_where_a_verdict_is_required_its_error_leaves_the_candidate_unjudged(task: Path, judge: Judge) -> None:
    judge.say = lambda text: "?" if "[no]" in text else fair(text)
    found = benchmark(task, RIGHT + JUDGED.replace("metric: judge", "metric: judge, required: true"))
    assert found["bad"]["outcomes"] == []
    assert "12 of 12 questions have no answer" in found["bad"]["not_judged"]
    assert means(found["good"]) == {"right": 1.0, "liked": 0.5}


@pytest.mark.parametrize(("required", "passed"), [("", True), (", required: true", False)])
def test_what_a_judge_says_fails_nobody_unless_it_is_required(required: str, passed: bool) -> None:
    criteria = parse_criteria(
        "criteria:\n" + RIGHT + JUDGED.replace("metric: judge", f"metric: judge, min_gain: 0.1{required}")
    )
    mean = Mean(mean=0.1, low=0.0, high=0.2, error=0.1, clusters=9, rows=9)
    shared = {"mean": mean, "p_value": 0.0}
    met = Outcome(criterion="right", verdict="met", threshold=0.5, rows_needed=0, **shared)  # type: ignore[arg-type]
    missed = Outcome(criterion="liked", verdict="missed", threshold=0.4, rows_needed=0, **shared)  # type: ignore[arg-type]
    worse = Difference(
        criterion="liked",
        verdict="worse",
        smallest_effect=0.1,
        wins=0,
        ties=0,
        losses=9,
        **shared,  # type: ignore[arg-type]
    )
    assert verdict(criteria, [met, missed], [worse], [worse], []).passed is passed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{first}", "", "criteria.yaml:3: criteria[1].judge.prompt: got {first} 0 times; it holds {question}"),
        ("metric: judge", "metric: chrf", "got judge given with chrf; the metric judge, and nothing else, takes it"),
        ("endpoint: j", "endpoint: ' '", "an endpoint has a name"),
        ("endpoint: j", "endpoint: j, max_tokens: 1", "a verdict takes 16 tokens at least"),
        ("endpoint: j", "endpoint: j, temperature: 1", "temperature: unknown key"),
    ],
)
def test_a_judge_that_cannot_be_asked_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        parse_criteria("criteria:\n" + RIGHT + JUDGED.replace(old, new))
    assert said in str(refused.value)


def test_a_judge_alone_decides_nothing_and_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="got none that is required"):
        parse_criteria("criteria:\n" + JUDGED)


@given(st.text(max_size=40) | st.sampled_from(["first", '"first"', '["first"]', '{"better": null}', '{"better": "A"}']))
def test_what_is_no_verdict_is_none(text: str) -> None:
    assert preferred(text) is None
    assert preferred(json.dumps({"better": "tie", "score": text})) is None
