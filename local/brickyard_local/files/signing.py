"""URLs that carry their permission: one method on one path, for one principal, for a while.

They stand in for the presigned URLs of cloud storage, so they hold no token that could do more. The key lives in
memory: a restart ends every URL, and clients ask for another.
Source: databricks-sdk's mixins/files.py (`expire_time`, and the answer by which it knows an expired URL).
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode

from brickyard_local.errors import InvalidParameter, PermissionDenied

_LONGEST_S = 24 * 3600
_DEFAULT_S = 900
_EXPIRES, _PRINCIPAL, _SIGNATURE = "x-expires", "x-principal", "x-signature"

# What S3 answers: the SDK then asks for a new URL instead of giving up.
EXPIRED = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


class UrlExpired(PermissionDenied):
    """Raised when the URL was right, and is too old."""


class Signer:
    """Makes and checks signed URLs."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def url(
        self, host: str, method: str, path: str, *, principal: str, query: Mapping[str, str], expire_time: str | None
    ) -> str:
        """The URL of a path on a workspace. Errors: InvalidParameter for a time that is past, far or no time."""
        expires = str(int(_moment(expire_time)))
        signed = {**query, _EXPIRES: expires, _PRINCIPAL: principal}
        signature = self._signature(host, method, path, signed)
        return f"{host}{quote(path)}?{urlencode({**signed, _SIGNATURE: signature})}"

    def principal(self, host: str, method: str, path: str, query: str) -> str | None:
        """For whom the URL was made; None when it is not signed. Errors: PermissionDenied, UrlExpired."""
        pairs = parse_qsl(query, keep_blank_values=True)
        sent = dict(pairs)
        signature = sent.pop(_SIGNATURE, None)
        if signature is None:
            return None
        right = self._signature(host, method, path, sent)
        if len(pairs) != len(sent) + 1 or not hmac.compare_digest(signature.encode(), right.encode()):
            raise PermissionDenied("The signature of this URL is not right for this method, path and query.")
        if float(sent[_EXPIRES]) < time.time():
            raise UrlExpired("This URL has expired: ask for another.")
        return sent[_PRINCIPAL]

    def _signature(self, host: str, method: str, path: str, query: Mapping[str, str]) -> str:
        text = "\n".join([host, method, path, urlencode(sorted(query.items()))])
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _moment(expire_time: str | None) -> float:
    now = time.time()
    if not expire_time:
        return now + _DEFAULT_S
    try:
        moment = datetime.fromisoformat(expire_time)
    except ValueError as error:
        raise InvalidParameter(
            f"`expire_time` is an RFC 3339 time, as 2030-01-31T12:00:00Z; got '{expire_time}'."
        ) from error
    if moment.tzinfo is None or not now < moment.timestamp() <= now + _LONGEST_S:
        raise InvalidParameter(
            f"`expire_time` lies in the future, at most a day ahead, and names its zone; got '{expire_time}'."
        )
    return moment.timestamp()
