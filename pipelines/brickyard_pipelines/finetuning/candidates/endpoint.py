"""A candidate behind a serving endpoint, asked in OpenAI's chat format.

Time is that of the try that was answered: how often it had to be asked again is no property of the model.
Source: docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference (chat; 429 with Retry-After)
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from brickyard_pipelines.finetuning.candidates.protocol import Failed, Needs
from brickyard_pipelines.finetuning.errors import UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.questions import Question

_TRIES = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_PATIENCE_S = 300.0
_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back over HTTP; status 0 where nothing did. *Units*: seconds."""

    status: int
    document: Any
    retry_after_s: float | None = None


class Post(Protocol):
    """Sends one body to the endpoint."""

    def __call__(self, body: Mapping[str, Any]) -> Reply: ...


class Endpoint:
    """An endpoint by its name. It says no likelihoods: criteria that need them are refused by name.

    `model` is what it must say that it answered with, where that is pinned.
    """

    def __init__(  # noqa: PLR0913 all but three have their usual value
        self,
        name: str,
        endpoint: str,
        post: Post,
        *,
        batch_size: int = 8,
        concurrency: int = 1,
        model: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.batch_size = batch_size
        pinned = {} if model is None else {"model": model}
        self.identity: Mapping[str, str] = {"kind": "endpoint", "endpoint": endpoint, **pinned}
        self._model = model
        self._post, self._sleep, self._concurrency = post, sleep, concurrency

    def answer(self, questions: Sequence[Question], needs: Needs) -> Sequence[Answer | Failed]:
        """One request per question.

        Errors: UnusableCandidate when likelihoods are asked for.
        """
        if needs.likelihood:
            raise UnusableCandidate(
                f"candidate {self.name!r}: got criteria of multiple_choice or perplexity; a chat endpoint says no"
                " likelihoods. Leave them out, or benchmark the model's folder or its version in Unity Catalog."
            )
        with ThreadPoolExecutor(self._concurrency) as pool:
            return list(pool.map(lambda question: self._ask(question, needs.max_new_tokens), questions))

    def close(self) -> None:
        """Connections end with the process."""

    def _ask(self, question: Question, most: int) -> Answer | Failed:
        body = {"messages": [dict(each) for each in question.messages], "max_tokens": most, "temperature": 0.0}
        pause_s, reply = _FIRST_PAUSE_S, Reply(status=0, document="not asked")
        for number in range(_TRIES):
            began = time.perf_counter()
            reply = self._post(body)
            took_s = time.perf_counter() - began
            if reply.status == 200:
                return _answer(reply.document, took_s, self._model)
            if reply.status not in _AGAIN and reply.status != 0:
                break
            if number < _TRIES - 1:
                self._sleep(min(reply.retry_after_s or pause_s, _LONGEST_PAUSE_S))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        return Failed(reason=f"status {reply.status}: {_said(reply.document)}")


def _answer(document: Any, took_s: float, model: str | None = None) -> Answer | Failed:
    """A chat completion as an answer, of `model` where one is wanted. A list of one is what mlflow's server gives."""
    found = document[0] if isinstance(document, list) and len(document) == 1 else document
    try:
        choice = found["choices"][0]
        text = _text(choice["message"]["content"] if "message" in choice else choice["text"])
    except (KeyError, IndexError, TypeError):
        return Failed(reason=f"no chat completion: {_said(document)}")
    if model is not None and found.get("model") != model:
        return Failed(reason=f"an answer of the model {found.get('model')!r}, where {model!r} is stated")
    if text is None:
        return Failed(reason=f"an answer without text: {_said(document)}")
    usage, reason = found.get("usage") or {}, choice.get("finish_reason")
    return Answer(
        text=text,
        latency_s=took_s,
        busy_s=took_s,
        stopped=None if reason is None else reason != "length",
        prompt_tokens=_count(usage.get("prompt_tokens")),
        answer_tokens=_count(usage.get("completion_tokens")),
    )


def _text(content: Any) -> str | None:
    """A text, or the text of its parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
        return "".join(map(str, parts)) if parts else None
    return content if isinstance(content, str) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _said(document: Any) -> str:
    message = document.get("message") if isinstance(document, Mapping) else None
    return " ".join(str(message or document).split())[:200]


def workspace_post(endpoint: str) -> Post:
    """Requests to an endpoint of the workspace that the environment names, with a fresh token each.

    Errors: UnusableCandidate when no workspace can be reached.
    """
    import requests
    from databricks.sdk.core import Config

    try:
        config = Config()
        config.authenticate()
    except ValueError as error:
        raise UnusableCandidate(
            f"endpoint {endpoint}: got no workspace to ask ({' '.join(str(error).split())}). Set DATABRICKS_HOST and a"
            " login, or name a profile."
        ) from error
    session, url = requests.Session(), f"{config.host}/serving-endpoints/{endpoint}/invocations"

    def post(body: Mapping[str, Any]) -> Reply:
        try:
            answer = session.post(url, json=body, headers=config.authenticate(), timeout=_PATIENCE_S)
        except requests.RequestException as error:
            return Reply(status=0, document=f"{type(error).__name__}")
        try:
            document = answer.json()
        except ValueError:
            document = answer.text
        return Reply(status=answer.status_code, document=document, retry_after_s=_seconds(answer.headers))

    return post


def _seconds(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:  # a date, or nothing
        return None
