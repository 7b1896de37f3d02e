"""The forward passes of all answers under way, made together: one pass moves each of them on by a token.

Each call generates as it would alone.
Source: Yu et al. 2022, Orca (batches that answers join and leave between two tokens)
"""

import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .joint import in_one, kind_of

_log = logging.getLogger(__name__)
# How long a joint pass waits at least for answers that choose their last token: Python's work, of milliseconds.
_PATIENCE_S = 0.05


class _Pass:
    """A forward pass that a call waits for."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.kind = kind_of(given)
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
                outcomes = in_one(self._forward, [each.given for each in taken])
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


def _length(given: Mapping[str, Any]) -> int:
    """Of prompt and longest answer, in tokens."""
    config = given.get("generation_config")
    longest = given.get("max_new_tokens") or getattr(config, "max_new_tokens", None) or 0
    prompts = given.get("input_ids")
    return int(longest) + (0 if prompts is None else int(prompts.numel()))
