"""Calls to a platform's API: patient with what passes, clear about what does not.

Reading and replacing are tried again; making something is not, since it may have been made before the answer was lost:
`Unsure` tells the caller to look first.
"""

import contextlib
import email.utils
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from brickyard_review.posting.post import CannotPost

_ATTEMPTS = 5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_TIMEOUT_S = 30.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_SHOWN = 300
_JSON = "application/json"


class Unsure(Exception):
    """A creation was not answered; `pause_s` is how long to wait before looking whether it happened."""

    def __init__(self, reason: str, pause_s: float) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class Api:
    """One API with one token, which goes into no message. `rights` says what the token needs."""

    def __init__(
        self, base: str, headers: Mapping[str, str], *, rights: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = httpx.Client(base_url=base, headers=dict(headers), timeout=_TIMEOUT_S, follow_redirects=False)
        self._rights = rights
        self._sleep = sleep

    def get(self, path: str, **query: str | int) -> tuple[Any, httpx.Headers]:
        """Errors: CannotPost."""
        answer = self._patiently("GET", path, params=query)
        return _content(answer), answer.headers

    def ask(self, path: str, body: Mapping[str, Any], **query: str | int) -> Any:
        """A POST that only reads. Errors: CannotPost."""
        return _content(self._patiently("POST", path, params=query, json=body))

    def patch(self, path: str, body: Any, content_type: str = _JSON, **query: str | int) -> Any:
        """Errors: CannotPost."""
        headers = {"content-type": content_type}
        return _content(self._patiently("PATCH", path, params=query, json=body, headers=headers))

    def create(self, path: str, body: Any, content_type: str = _JSON, **query: str | int) -> Any:
        """Errors: Unsure when it may have happened, CannotPost when it did not."""
        headers = {"content-type": content_type}
        try:
            answer = self._client.request("POST", path, params=query, json=body, headers=headers)
        except httpx.TransportError as error:
            raise Unsure(f"POST {path}: {type(error).__name__}", _FIRST_PAUSE_S) from error
        if _passes(answer):
            raise Unsure(_said("POST", path, answer), _pause(answer, _FIRST_PAUSE_S))
        return _content(self._checked("POST", path, answer))

    def looking_first(self, act: Callable[[], Any]) -> Any:
        """Do what looks before it creates, again after each creation that was not answered. Errors: CannotPost."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return act()
            except Unsure as error:
                if attempt == _ATTEMPTS:
                    raise CannotPost(f"{error}, {_ATTEMPTS} times. Run this step again later.") from error
                self._sleep(max(error.pause_s, _FIRST_PAUSE_S * 2 ** (attempt - 1)))
        raise AssertionError

    def _patiently(self, method: str, path: str, **options: Any) -> httpx.Response:
        last = ""
        for attempt in range(1, _ATTEMPTS + 1):
            pause_s = _FIRST_PAUSE_S * 2 ** (attempt - 1)
            try:
                answer = self._client.request(method, path, **options)
            except httpx.TransportError as error:
                last = f"{method} {path}: {type(error).__name__}"
            else:
                if not _passes(answer):
                    return self._checked(method, path, answer)
                last, pause_s = _said(method, path, answer), _pause(answer, pause_s)
            if attempt < _ATTEMPTS:
                self._sleep(pause_s)
        raise CannotPost(f"{last}, {_ATTEMPTS} times. Run this step again later.")

    def _checked(self, method: str, path: str, answer: httpx.Response) -> httpx.Response:
        # Azure DevOps answers a token that it does not take with a page to sign in: 203, or a redirection.
        refused = answer.is_redirect or answer.status_code in {203, 401, 403, 404}
        if refused:
            raise CannotPost(f"{_said(method, path, answer)}. {self._rights}")
        if not answer.is_success:
            raise CannotPost(f"{_said(method, path, answer)}.")
        return answer


def _passes(answer: httpx.Response) -> bool:
    """Whether the same call may be answered a little later. GitHub says 403 when it is asked too often."""
    limited = "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
    return answer.status_code in _PASSING or (answer.status_code == HTTPStatus.FORBIDDEN and limited)


def _pause(answer: httpx.Response, otherwise_s: float) -> float:
    """Seconds that the platform asks for, at most a minute."""
    asked = answer.headers.get("retry-after", "")
    if asked.isdigit():
        return min(float(asked), _LONGEST_PAUSE_S)
    if asked:
        with contextlib.suppress(ValueError):  # a date that is none: wait as if nothing had been asked
            until = email.utils.parsedate_to_datetime(asked).timestamp()
            return min(max(until - time.time(), 0.0), _LONGEST_PAUSE_S)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if reset.isdigit():
        return min(max(float(reset) - time.time(), otherwise_s), _LONGEST_PAUSE_S)
    return min(otherwise_s, _LONGEST_PAUSE_S)


def _said(method: str, path: str, answer: httpx.Response) -> str:
    try:
        found = answer.json()
        message = str(found.get("message", "")) if isinstance(found, dict) else ""
    except ValueError:
        message = ""
    words = " ".join(message.split())[:_SHOWN]
    return f"{method} {path} was answered {answer.status_code}" + (f" ({words})" if words else "")


def _content(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except json.JSONDecodeError as error:
        path = answer.request.url.path
        raise CannotPost(f"{answer.request.method} {path} was answered with something that is not JSON.") from error
