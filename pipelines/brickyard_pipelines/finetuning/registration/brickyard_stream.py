"""A model of mlflow's transformers flavour that streams, and works on many answers at once.

Packed with the model: it imports nothing of ours. mlflow loads it by name (`loader_module` in the model's MLmodel).
`predict` is the flavour's own; `predict_stream` is the same call with a streamer, so that a stream says the words that
an answer would, in OpenAI's chunks. Who hangs up stops it, as does a text of `stop`, which is not said. Each call
generates as it would alone; only the model's forward passes are made together: one pass moves every answer under way
on by a token.
*Units*: BRICKYARD_ANSWERS_AT_ONCE in the environment, answers under way at most; 16 without it.
Source: platform.openai.com/docs/api-reference/chat-streaming; mlflow.pyfunc `predict_stream`; transformers
`TextIteratorStreamer`; Yu et al. 2022, Orca (batches that answers join and leave between two tokens)
"""

import functools
import logging
import math
import os
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Self

_log = logging.getLogger(__name__)
_AT_ONCE = "BRICKYARD_ANSWERS_AT_ONCE"
_MOST = 16
# How long a joint pass waits at least for answers that choose their last token: Python's work, of milliseconds.
_PATIENCE_S = 0.05
# The files of a control group that hold its limit, what is used, and what of that are files read once, by version.
_LIMITS_2 = ("memory.max", "memory.current", "inactive_file")
_LIMITS_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
# What is joined must be equal in all but these; anything else that a pass is asked for lets it be made alone.
_OF_A_ROW = frozenset({"input_ids", "attention_mask", "position_ids", "past_key_values"})


def _load_pyfunc(path: str, model_config: Any = None) -> "Streaming":
    """What mlflow calls."""
    # Read when torch is loaded. A pass for many rows has many short parallel parts: threads that spin between them take
    # the processor from each other where others want it too (337 ms of processor a pass instead of 48).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mlflow import transformers

    return Streaming(transformers._load_pyfunc(path, model_config))  # noqa: SLF001 - mlflow's loader of this flavour


class Streaming:
    """The flavour's model, with streams, its forward passes made for all calls together."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        Together(whole.pipeline, most=int(os.environ.get(_AT_ONCE) or _MOST), tokens=room(whole.pipeline.model))

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """A list of completions, as the flavour answers."""
        data, given, stops = _without_stop(data, params)
        if stops:
            given["stopping_criteria"] = self._criteria(stops)
        return [_cut(answer, stops) for answer in self._whole.predict(data, given)]

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """One completion in chunks; the last says why it ended and what it used. Errors: as `predict`."""
        data, given, stops = _without_stop(data, params)
        call = _Call(self._whole, data, given, self._criteria(stops))
        head = {"id": str(uuid.uuid4()), "created": int(time.time())}
        chat = str(self._whole.llm_inference_task).endswith("chat")
        with call:
            begun = False
            for piece in _before(call.pieces(), stops):
                text = piece if begun else piece.lstrip()  # as the flavour does
                if text:
                    yield {**head, **_chunk(text, chat=chat, first=not begun)}
                    begun = True
        answer: dict[str, Any] = _cut(call.answer(), stops)
        last = _chunk("", chat=chat, first=not begun)
        last["choices"][0]["finish_reason"] = answer["choices"][0]["finish_reason"]
        yield {**head, **last, "usage": answer["usage"]}

    def _criteria(self, stops: list[str]) -> list[Any]:
        """What ends an answer at one of these texts; the flavour would ask a hub for a tokenizer."""
        from transformers import StopStringCriteria

        return [StopStringCriteria(self._whole.pipeline.tokenizer, stops)] if stops else []


class _Call:
    """A call of the model in a thread of its own, and the words as they come."""

    def __init__(self, whole: Any, data: Any, params: dict[str, Any], criteria: list[Any]) -> None:
        from transformers import TextIteratorStreamer

        self._unwanted = False
        self._streamer = TextIteratorStreamer(whole.pipeline.tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._ended: queue.Queue[Any] = queue.Queue()
        given = {**params, "streamer": self._streamer, "stopping_criteria": [*criteria, self._is_unwanted]}
        self._thread = threading.Thread(target=self._run, args=(whole, data, given), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        # Waits for nothing: a stream that a server forgot is ended by Python's collector, in any thread, that of the
        # passes among them, for which the call waits.
        self._unwanted = True

    def pieces(self) -> Iterator[str]:
        """Words as they come."""
        yield from self._streamer

    def answer(self) -> Any:
        """The whole answer, which follows its last word. Errors: as the model's `predict`."""
        found = self._ended.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _is_unwanted(self, *_words: Any, **_named: Any) -> bool:
        return self._unwanted

    def _run(self, whole: Any, data: Any, given: dict[str, Any]) -> None:
        try:
            self._ended.put(whole.predict(data, given)[0])
        except BaseException as error:  # noqa: BLE001 - whoever reads the stream is told
            self._ended.put(error)
        finally:
            self._streamer.end()


class _Pass:
    """A forward pass that a call waits for."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.kind = _kind(given)
        self._made = threading.Event()
        self._outcome: Any = None

    def answered(self, outcome: Any) -> None:
        """Let the call go on."""
        self._outcome = outcome
        self._made.set()

    def result(self) -> Any:
        """What the pass gave. Errors: what the model raised."""
        self._made.wait()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome


class Together:
    """The forward passes of a pipeline's model: those for one more token in one, prompts one by one between them.

    It stands in the place of the model's `forward` and `generate`. At most `most` calls are under way, and no more than
    `tokens` tokens of prompts and answers, each as long as the longest, which a joint pass fills it up to; one call is
    always let in. The others wait in the order in which they came.
    """

    def __init__(self, pipeline: Any, *, most: int, tokens: float) -> None:
        model = pipeline.model
        self._pipeline, self._forward, self._generate = pipeline, model.forward, model.generate
        self._most, self._room = most, tokens
        self._changed = threading.Condition()
        self._line: deque[object] = deque()
        self._under_way: dict[object, int] = {}
        self._asked: list[_Pass] = []
        self._worker: threading.Thread | None = None
        self._joint_s = self._prompts_s = self._ended_at = 0.0
        model.forward = _as(model.forward, self._pass)
        model.generate = _as(model.generate, self._answer)

    def _pass(self, *plain: Any, **given: Any) -> Any:
        if plain or not self._under_way:
            return self._forward(*plain, **given)
        asked = _Pass(given)
        with self._changed:
            self._asked.append(asked)
            self._changed.notify_all()
        return asked.result()

    def _answer(self, *plain: Any, **given: Any) -> Any:
        with self._seat(_length(given)):
            return self._generate(*plain, **given)

    @contextmanager
    def _seat(self, tokens: int) -> Iterator[None]:
        """A place among the answers under way, when its turn has come."""
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            self._changed.wait_for(lambda: self._line[0] is ticket and self._has_room(tokens))
            self._line.popleft()
            self._under_way[ticket] = tokens
            self._changed.notify_all()
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="passes", daemon=True)
                self._worker.start()
        try:
            yield
        finally:
            with self._changed:
                del self._under_way[ticket]
                self._changed.notify_all()

    def _has_room(self, tokens: int) -> bool:
        taken = self._under_way
        if not taken:
            return True
        longest = max(tokens, *taken.values())
        return len(taken) < self._most and (len(taken) + 1) * longest <= self._room

    def _work(self) -> None:
        import torch

        with self._pipeline.device_placement(), torch.no_grad():
            while taken := self._next():
                began = time.monotonic()
                self._make(taken)
                self._ended_at = time.monotonic()
                if taken[0].kind is None:
                    self._prompts_s += self._ended_at - began
                else:
                    self._joint_s, self._prompts_s = self._ended_at - began, 0.0

    def _next(self) -> list[_Pass]:
        """The passes to make now; none when no call is under way."""
        with self._changed:
            while self._under_way:
                if taken := self._due():
                    self._asked = [each for each in self._asked if each not in taken]
                    return taken
                self._changed.wait(self._patience() if self._asked else None)
            self._worker = None
            return []

    def _due(self) -> list[_Pass]:
        """Prompts come first, for as long as a joint pass took: then whoever reads an answer gets the next token.

        A joint pass waits for the answers that are about to ask for it, for as long as it takes itself, or _PATIENCE_S.
        """
        alone = [each for each in self._asked if each.kind is None]
        joint = [each for each in self._asked if each.kind is not None]
        if alone and (not joint or self._prompts_s <= self._joint_s):
            return alone[:1]
        if joint and (len(self._asked) >= len(self._under_way) or self._patience() <= 0):
            return [each for each in joint if each.kind == joint[0].kind]
        return []

    def _patience(self) -> float:
        return self._ended_at + max(self._joint_s, _PATIENCE_S) - time.monotonic()

    def _make(self, taken: list[_Pass]) -> None:
        if len(taken) > 1:
            try:
                outcomes = _joint(self._forward, [each.given for each in taken])
            except Exception:  # noqa: BLE001 - whatever a model raises
                _log.warning("a pass for %d answers failed; it is made for each alone", len(taken), exc_info=True)
                outcomes = None
            if outcomes is not None:
                for each, outcome in zip(taken, outcomes, strict=True):
                    each.answered(outcome)
                return
        for each in taken:
            try:
                each.answered(self._forward(**each.given))
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that asked
                each.answered(error)


def _as(method: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    """With the signature of the method in whose place it stands: transformers reads it."""

    @functools.wraps(method)
    def called(*plain: Any, **given: Any) -> Any:
        return instead(*plain, **given)

    return called


def room(model: Any) -> float:
    """How many tokens of prompts and answers may be under way: their keys and values, thrice while an answer joins.

    They fit in half of the memory that is free when the model has been loaded, to the machine and to the container.
    """
    import psutil
    import torch

    config = model.config.get_text_config()
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    per_token = 2 * config.num_hidden_layers * heads * width * model.dtype.itemsize
    on_gpu = model.device.type == "cuda"
    free = torch.cuda.mem_get_info(model.device)[0] if on_gpu else min(psutil.virtual_memory().available, allowed())
    return float(max(free, 0) / 2 / (3 * per_token))


def allowed(root: Path = Path("/")) -> float:
    """How many bytes the control groups of this process let it take besides; infinite where none has a limit.

    Source: docs.kernel.org, Control Group v2 and Memory Resource Controller; man 7 cgroups (/proc/self/cgroup)
    """
    groups, least = root / "sys/fs/cgroup", math.inf
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return least
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount, names = (groups / "memory", _LIMITS_1) if controllers else (groups, _LIMITS_2)
        place = PurePosixPath(path)
        # A container may see its own group as the root, whatever path the machine gives it; limits above hold as well.
        for group in (place, *place.parents):
            least = min(least, _left(mount / group.relative_to("/"), *names))
    return least


def _left(group: Path, limit: str, used: str, files: str) -> float:
    try:
        most = (group / limit).read_text().strip()
        in_use = int((group / used).read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return math.inf if most == "max" else int(most) - in_use + int(counts.get(files, 0))
    except (OSError, ValueError):  # no such group here, or the root, which has no limit; never a reason not to load
        return math.inf


def _length(given: Mapping[str, Any]) -> int:
    """Of prompt and longest answer, in tokens."""
    config = given.get("generation_config")
    longest = given.get("max_new_tokens") or getattr(config, "max_new_tokens", None) or 0
    prompts = given.get("input_ids")
    return int(longest) + (0 if prompts is None else int(prompts.numel()))


def _kind(given: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What passes that may be made in one have in common; None of one that is made alone.

    One more token of one answer, whose keys and values are all kept, with nothing special asked for.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer

    words: Any = given.get("input_ids")
    cache: Any = given.get("past_key_values")
    if words is None or tuple(words.shape) != (1, 1) or type(cache) is not DynamicCache:
        return None
    if any(type(layer) is not DynamicLayer or not layer.get_seq_length() for layer in cache.layers):
        return None
    mask, positions = given.get("attention_mask"), given.get("position_ids")
    if mask is None or tuple(mask.shape) != (1, cache.get_seq_length() + 1):
        return None
    if positions is None or tuple(positions.shape) != (1, 1):
        return None
    rest = {name: value for name, value in given.items() if name not in _OF_A_ROW}
    more = any(name.startswith("output_") and value for name, value in rest.items())  # a joint pass gives logits only
    if more or not all(isinstance(value, bool | int | None) for value in rest.values()):
        return None
    return tuple(sorted(rest.items(), key=lambda each: each[0]))


def _joint(forward: Callable[..., Any], rows: list[dict[str, Any]]) -> list[Any]:
    """One pass for a token of each row, filled up on the left, and what each would have been answered alone.

    A row's own keys and values become views of the joint ones once all went well.
    """
    import torch
    from transformers.cache_utils import DynamicCache

    caches = [row["past_key_values"] for row in rows]
    longest = max(cache.get_seq_length() for cache in caches)
    missing = [longest - cache.get_seq_length() for cache in caches]

    def filled(tensor: Any, count: int, axis: int) -> Any:
        pad = torch.nn.functional.pad
        return pad(tensor, (count, 0) if axis == -1 else (0, 0, count, 0)) if count else tensor

    def stacked(name: str, number: int) -> Any:
        parts = [getattr(cache.layers[number], name) for cache in caches]
        return torch.cat([filled(part, count, -2) for part, count in zip(parts, missing, strict=True)])

    held = [(stacked("keys", number), stacked("values", number)) for number in range(len(caches[0].layers))]
    given = {name: torch.cat([row[name] for row in rows]) for name in ("input_ids", "position_ids")}
    masks = [filled(row["attention_mask"], count, -1) for row, count in zip(rows, missing, strict=True)]
    rest = {name: value for name, value in rows[0].items() if name not in _OF_A_ROW}
    joint = DynamicCache(held)
    found = forward(**given, **rest, attention_mask=torch.cat(masks), past_key_values=joint)
    for at, (cache, count) in enumerate(zip(caches, missing, strict=True)):
        for own, shared in zip(cache.layers, joint.layers, strict=True):
            own.keys, own.values = shared.keys[at : at + 1, :, count:], shared.values[at : at + 1, :, count:]
    return [type(found)(logits=found.logits[at : at + 1], past_key_values=cache) for at, cache in enumerate(caches)]


def _without_stop(data: Any, params: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any], list[str]]:
    """The request without `stop`, and its texts. *Shapes*: `data` is a table of one request, or its JSON object."""
    given = dict(params or {})
    asked = given.pop("stop", None)
    if "stop" in data:
        is_table = hasattr(data, "columns")
        asked = data["stop"].iloc[0] if is_table else data["stop"]
        kept = [name for name in data if name != "stop"]
        data = data[kept] if is_table else {name: data[name] for name in kept}
    texts = [asked] if isinstance(asked, str) else [] if asked is None or isinstance(asked, float) else list(asked)
    return data, given, [text for text in texts if text]


def _cut(answer: dict[str, Any], stops: list[str]) -> dict[str, Any]:
    """The answer up to the first of these texts."""
    for choice in answer["choices"]:
        where, name = (choice["message"], "content") if "message" in choice else (choice, "text")
        end = _first_of(where[name], stops)
        if end is not None:
            where[name], choice["finish_reason"] = where[name][:end], "stop"
    return answer


def _before(pieces: Iterator[str], stops: list[str]) -> Iterator[str]:
    """The pieces up to the first of these texts; what may be the beginning of one waits for the next piece."""
    held, longest = "", max(map(len, stops), default=1)
    for piece in pieces:
        held += piece
        end = _first_of(held, stops)
        if end is not None:
            yield held[:end]
            for _ in pieces:  # nothing that is said
                pass
            return
        sure = max(len(held) - longest + 1, 0)
        yield held[:sure]
        held = held[sure:]
    yield held


def _first_of(text: str, stops: list[str]) -> int | None:
    return min((at for at in map(text.find, stops) if at >= 0), default=None)


def _chunk(text: str, *, chat: bool, first: bool) -> dict[str, Any]:
    if not chat:
        return {"object": "text_completion", "choices": [{"index": 0, "text": text, "finish_reason": None}]}
    delta = {"content": text} | ({"role": "assistant"} if first else {})
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
