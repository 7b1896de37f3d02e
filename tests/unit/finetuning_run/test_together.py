"""Answers under way at once: the words that each has alone, in fewer passes, bounded, ended by hanging up."""

import functools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.registration.brickyard_stream import Streaming, joint, room, streaming
from flavour_models import Watched
from tiny_models import tiny_llama

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="`make setup-finetuning` installs torch")
QUESTIONS = [
    {"prompt": "What is the capital of France? " * (1 + at % 4) + str(at), "max_tokens": 5 + 3 * (at % 5)}
    for at in range(12)
]


class Model:
    """A model served together, what it was asked for in one pass, and the answers that it gives alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        whole = Watched(folder)
        self.alone = [text_of(whole.predict(question)) for question in QUESTIONS]
        self.rows: list[int] = []
        self.held: list[int] = []
        self.before: Callable[[int], None] = lambda _: None
        forward = whole.pipeline.model.forward

        @functools.wraps(forward)  # transformers reads its signature
        def watched(*plain: Any, **given: Any) -> Any:
            rows = int(given["input_ids"].shape[0])
            self.rows.append(rows)
            mask = given.get("attention_mask")
            self.held.append(0 if mask is None else int(mask.numel()))
            self.before(rows)
            return forward(*plain, **given)

        whole.pipeline.model.forward = watched
        self.whole = whole
        self.streaming = Streaming(whole)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Model:
    monkeypatch.setenv("BRICKYARD_ANSWERS_AT_ONCE", str(getattr(request, "param", 16)))
    return Model(tiny_llama(tmp_path / "model", template=None))


def text_of(found: Any) -> str:
    return str(found[0]["choices"][0]["text"])


def asked(model: Model, questions: Sequence[Any]) -> list[str]:
    """All at once."""
    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(lambda question: text_of(model.streaming.predict(question)), questions))


def streamed(model: Model, question: Any) -> str:
    return "".join(piece["choices"][0]["text"] for piece in model.streaming.predict_stream(question))


def test_answers_at_once_are_those_given_alone_in_fewer_passes(model: Model) -> None:
    assert asked(model, QUESTIONS) == model.alone
    tokens = sum(int(str(question["max_tokens"])) for question in QUESTIONS)
    assert max(model.rows) > len(QUESTIONS) / 2
    assert len(model.rows) < tokens / 2
    assert threading.active_count() < len(QUESTIONS), "nothing keeps running when all is answered"


def test_streams_and_whole_answers_go_together(model: Model) -> None:
    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        said = pool.map(lambda question: streamed(model, question), QUESTIONS[:6])
        whole = pool.map(lambda question: text_of(model.streaming.predict(question)), QUESTIONS[6:])
        assert [*said, *whole] == model.alone
    assert max(model.rows) > 1


def test_one_that_comes_later_joins_and_changes_nothing(model: Model) -> None:
    long = {**QUESTIONS[0], "max_tokens": 60}
    alone = text_of(model.streaming.predict(long))
    stream = model.streaming.predict_stream(long)
    first = next(stream)["choices"][0]["text"]
    assert asked(model, QUESTIONS) == model.alone
    assert first + "".join(piece["choices"][0]["text"] for piece in stream) == alone


def test_drawn_answers_are_drawn_from_the_same_chances(model: Model) -> None:
    """At a temperature next to nothing, a drawn answer is the likeliest one, whoever stands beside it."""
    drawn = [{**question, "temperature": 1e-6, "do_sample": True} for question in QUESTIONS]
    assert asked(model, drawn) == model.alone


@pytest.mark.parametrize("model", [2], indirect=True)
def test_no_more_than_so_many_are_under_way_and_all_are_answered(model: Model) -> None:
    assert asked(model, QUESTIONS) == model.alone
    assert max(model.rows) == 2


def with_room_for(tokens: float, model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The same model where memory has room for so many tokens."""
    monkeypatch.setattr(streaming, "room", lambda _: tokens)
    return Model(model.folder)


def test_no_more_tokens_are_under_way_than_memory_has_room_for(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one = with_room_for(1.0, model, monkeypatch)
    assert asked(one_by_one, QUESTIONS) == one_by_one.alone
    assert max(one_by_one.rows) == 1


def test_a_long_one_makes_room_for_fewer_since_all_are_filled_up_to_it(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded = with_room_for(400.0, model, monkeypatch)
    long = {"prompt": "Count to three. " * 15, "max_tokens": 40}
    alone = text_of(model.whole.predict(long))
    assert asked(bounded, [long, *QUESTIONS]) == [alone, *bounded.alone]
    assert max(bounded.rows) > 1
    assert max(bounded.held) <= 400


def test_room_is_what_the_container_leaves_where_that_is_less(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = model.whole.pipeline.model
    per_token = 2 * 2 * 2 * 16 * 4  # keys and values, layers, heads, their width, bytes of a float32
    monkeypatch.setattr(room, "allowed", lambda: 6.0 * per_token * 100)
    assert room.room(inner) == 100
    monkeypatch.setattr(room, "allowed", lambda: -1.0)
    assert room.room(inner) == 0


@pytest.mark.parametrize(
    ("cgroup", "group", "limits", "left"),
    [
        ("0::/", "", {"memory.max": "1000\n", "memory.current": "700\n"}, 350),
        ("0::/", "", {"memory.max": "max\n", "memory.current": "700\n"}, float("inf")),
        ("0::/pod/it", "pod", {"memory.max": "1000\n", "memory.current": "900\n"}, 150),
        ("0::/", "", {}, float("inf")),
        (
            "9:cpu:/x\n4:memory:/docker/of-the-machine",
            "memory",
            {"memory.limit_in_bytes": "1000\n", "memory.usage_in_bytes": "700\n"},
            350,
        ),
    ],
)
def test_a_limit_of_the_container_is_read_in_both_versions(
    tmp_path: Path, cgroup: str, group: str, limits: dict[str, str], left: float
) -> None:
    folder = tmp_path / "sys/fs/cgroup" / group
    folder.mkdir(parents=True)
    for name, text in ({"memory.stat": "inactive_file 50\ntotal_inactive_file 50\n"} | limits).items():
        (folder / name).write_text(text)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(cgroup + "\n")
    assert room.allowed(tmp_path) == left


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert room.allowed(tmp_path) == float("inf")


@pytest.mark.parametrize("model", [1], indirect=True)
def test_who_hangs_up_gives_his_place_to_the_next(model: Model) -> None:
    import torch

    torch.manual_seed(0)
    drawn = {"max_tokens": 400, "min_new_tokens": 400, "do_sample": True}  # words with spaces, and no early end
    stream = model.streaming.predict_stream({**QUESTIONS[0], **drawn})
    next(stream)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(model.streaming.predict, QUESTIONS[2])
        stream.close()  # type: ignore[attr-defined]
        assert text_of(waiting.result(60)) == model.alone[2]
    assert model.whole.answers[-2]["usage"]["completion_tokens"] < 400


def test_a_stream_that_is_forgotten_may_be_ended_by_the_thread_of_the_passes(model: Model) -> None:
    """Python's collector ends a forgotten generator in whatever thread it runs: there, nothing may be waited for."""
    long = {"max_tokens": 400, "min_new_tokens": 400, "do_sample": True}
    forgotten = [model.streaming.predict_stream({**QUESTIONS[0], **long})]
    next(forgotten[0])

    def collect(_rows: int) -> None:
        if forgotten and threading.current_thread().name == "passes":
            forgotten.pop().close()  # type: ignore[attr-defined]

    model.before = collect
    with ThreadPoolExecutor(1) as pool:
        assert text_of(pool.submit(model.streaming.predict, QUESTIONS[2]).result(60)) == model.alone[2]
    assert not forgotten


def test_a_pass_that_fails_for_all_is_made_for_each(model: Model) -> None:
    def fail(rows: int) -> None:
        if rows > 1:
            raise MemoryError("no room for so many")

    model.before = fail
    assert asked(model, QUESTIONS) == model.alone


def test_whose_pass_fails_alone_is_told_and_the_others_are_answered(model: Model) -> None:
    failing = iter([False] * 3 + [True])

    def fail(rows: int) -> None:
        if rows == 1 and next(failing, False):
            raise RuntimeError("lost the thread")

    model.before = fail
    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        calls = [pool.submit(model.streaming.predict, question) for question in QUESTIONS]
    failed = [call.exception() for call in calls if call.exception()]
    assert [str(error) for error in failed] == ["lost the thread"]
    right = zip(calls, model.alone, strict=True)
    assert all(text_of(call.result()) == text for call, text in right if not call.exception())


def next_token(inner: Any, length: int) -> dict[str, Any]:
    """What a pass for one more token, after so many, is given."""
    import torch

    cache = inner(input_ids=torch.arange(20, 20 + length)[None], use_cache=True).past_key_values
    at = {"position_ids": torch.tensor([[length]]), "attention_mask": torch.ones(1, length + 1, dtype=torch.long)}
    return {"input_ids": torch.tensor([[50]]), "past_key_values": cache, "use_cache": True, **at}


@pytest.mark.parametrize("name", ["output_attentions", "output_hidden_states"])
def test_a_pass_that_must_give_more_than_the_next_token_is_made_alone(model: Model, name: str) -> None:
    given = next_token(model.whole.pipeline.model, 3)
    assert joint.kind_of({**given, name: True}) is None
    assert joint.kind_of({**given, name: False}) is not None
    assert joint.kind_of(given) is not None


def test_a_joint_pass_gives_each_the_numbers_that_it_would_have_alone(model: Model) -> None:
    import torch

    inner = model.whole.pipeline.model
    lengths = (3, 17, 9)
    with torch.no_grad():
        alone = [inner(**next_token(inner, length)).logits for length in lengths]
        together = joint.in_one(inner, [next_token(inner, length) for length in lengths])
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one, other.logits, atol=1e-5, rtol=1e-4)
    assert [other.past_key_values.get_seq_length() for other in together] == [4, 18, 10]
