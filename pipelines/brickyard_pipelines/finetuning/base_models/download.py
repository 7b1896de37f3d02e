"""One file over https, part by part: a cut connection or a kill costs a part, never what came before.

Parts are files of their own, since volumes take no appends. They belong to one address, hash and ETag; of anything else
they are let go. Redirects are followed to allowed hosts only.
Source: RFC 9110 (range requests, validators)
Gaps: hosts that ask for a login; a server without ranges sends a file in one part.
"""

import hashlib
import http.client
import json
import logging
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from brickyard_pipelines.finetuning.errors import CannotBring, Problem
from brickyard_pipelines.finetuning.outputs import file_sha256, write_json

_log = logging.getLogger(__name__)
PART_BYTES = 64 << 20
_CHUNK = 1 << 20
_TRIES = 6
_TIMEOUT_S = 60.0
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABOUT = "about.json"


class _Changed(Exception):
    """Raised when the file behind the address is another one than that of the parts."""


def host_of(url: str) -> str:
    """Host, and port where it is not that of https, as an environment names it.

    >>> host_of("https://models.acme.example/a/b")
    'models.acme.example'
    """
    return urlsplit(url).netloc.lower()


def download(
    url: str, target: Path, *, sha256: str, hosts: Sequence[str], part_bytes: int = PART_BYTES, wait_s: float = 1.0
) -> None:
    """The file under its name; one that is there with this hash is left as it is.

    Errors: CannotBring when the address is refused, does not answer, or what came has another hash; OSError (disk).
    """
    if file_sha256(target) == sha256:
        return
    parts = _Parts(url, target, sha256, part_bytes)
    opener = urllib.request.build_opener(_AllowedOnly(hosts))
    for number in range(_TRIES):
        try:
            parts.fetch(opener)
        except _Changed:
            _log.warning("%s has changed since its first part came: it is brought from the start", url)
            parts.forget()
        except (http.client.HTTPException, OSError) as error:
            if not _is_of_the_host(error):
                raise
            if not _may_pass(error) or number == _TRIES - 1:
                raise _refused(url, error) from error
            _log.warning("%s: %s; %d bytes are here, trying again", url, error, parts.bytes)
            time.sleep(wait_s * 2**number)
        else:
            parts.join()
            return
    raise _refused(url, "it changed at every try")


class _AllowedOnly(urllib.request.HTTPRedirectHandler):
    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = hosts

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https" or host_of(newurl) not in self._hosts:
            place = f"{urlsplit(newurl).scheme}://{host_of(newurl)}"  # the rest may hold a signature
            rule, fix = "redirects lead to allowed hosts", "Have that host added to network.model_hosts as well."
            raise CannotBring([Problem(where=req.full_url, got=f"a redirect to {place}", rule=rule, fix=fix)])
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Parts:
    """The parts of one file, in a hidden folder beside it."""

    def __init__(self, url: str, target: Path, sha256: str, part_bytes: int) -> None:
        self._url = url
        self._target = target
        self._sha256 = sha256
        self._size = part_bytes
        self._folder = target.with_name(f".{target.name}.parts")
        self._about: dict[str, Any] = self._read()

    @property
    def bytes(self) -> int:
        """How much is here."""
        return sum(each.stat().st_size for each in self._files())

    def fetch(self, opener: urllib.request.OpenerDirector) -> None:
        """Bring the parts that are missing. Errors: _Changed; OSError and HTTPException of the connection."""
        self._folder.mkdir(parents=True, exist_ok=True)
        while (total := self._about.get("total")) is None or self.bytes < total:
            begin = self.bytes
            wanted = {"Range": f"bytes={begin}-{begin + self._size - 1}", "Accept-Encoding": "identity"}
            request = urllib.request.Request(self._url, headers=wanted)  # noqa: S310 - https, by the plan's rules
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                self._take(answer, begin)

    def _take(self, answer: Any, begin: int) -> None:
        total = _total(answer, begin)
        about = self._asked | {"etag": answer.headers.get("ETag", ""), "total": total}
        if self._about and self._about != about:
            raise _Changed
        if not self._about:
            write_json(self._folder / _ABOUT, about)
            self._about = about
        whole = answer.status == http.HTTPStatus.OK
        if whole and begin:
            raise _Changed  # it knows no ranges any more
        partial = self._folder / ".partial"
        with partial.open("wb") as file:
            shutil.copyfileobj(answer, file, _CHUNK)
        expected = total if whole else min(self._size, total - begin)
        if partial.stat().st_size != expected:
            raise http.client.IncompleteRead(b"", expected - partial.stat().st_size)
        partial.replace(self._folder / f"{begin:015d}")

    def join(self) -> None:
        """The whole file under its name. Errors: CannotBring when its hash is another."""
        digest, partial = hashlib.sha256(), self._target.with_name(f".{self._target.name}.partial")
        with partial.open("wb") as whole:
            for part in self._files():
                with part.open("rb") as file:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
                        whole.write(chunk)
        if digest.hexdigest() != self._sha256:
            partial.unlink()
            self.forget()
            rule, fix = f"the plan wants {self._sha256}", "Correct the hash, or the address: another file lies there."
            raise CannotBring([Problem(where=self._url, got=f"sha256 {digest.hexdigest()}", rule=rule, fix=fix)])
        partial.replace(self._target)
        shutil.rmtree(self._folder)

    def forget(self) -> None:
        """Let all parts go."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._about = {}

    @property
    def _asked(self) -> dict[str, Any]:
        return {"url": self._url, "sha256": self._sha256, "part_bytes": self._size}

    def _files(self) -> list[Path]:
        return sorted(each for each in self._folder.glob("[0-9]*") if each.is_file())

    def _read(self) -> dict[str, Any]:
        """What the parts are of; parts of something else are let go."""
        try:
            found: dict[str, Any] = json.loads((self._folder / _ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        if found and all(found.get(name) == value for name, value in self._asked.items()):
            return found
        shutil.rmtree(self._folder, ignore_errors=True)
        return {}


def _total(answer: Any, begin: int) -> int:
    """How long the whole file is."""
    if answer.status == http.HTTPStatus.OK:
        length = answer.headers.get("Content-Length")
        if length is None:
            raise CannotBring([_silent(answer.url, "no Content-Length")])
        return int(length)
    said = str(answer.headers.get("Content-Range", ""))
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", said)
    if found is None or int(found[1]) != begin:
        raise CannotBring([_silent(answer.url, f"Content-Range {said!r}")])
    return int(found[2])


def _silent(url: str, got: str) -> Problem:
    return Problem(where=url, got=got, rule="a server says how long a file is", fix="Choose another source.")


def _is_of_the_host(error: Exception) -> bool:
    """Whether the host or the way to it is at fault; a full disk is not."""
    kinds = http.client.HTTPException | urllib.error.URLError | ConnectionError | TimeoutError | ssl.SSLError
    return isinstance(error, kinds)


def _may_pass(error: Exception) -> bool:
    """Whether trying again can help: not where the server has refused, or is another than it should be."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _AGAIN
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return not isinstance(reason, ssl.SSLCertVerificationError)


def _refused(url: str, error: object) -> CannotBring:
    rule, fix = "the file can be brought", "Correct the address, or see that the host answers this environment."
    return CannotBring([Problem(where=url, got=f"{type(error).__name__}: {error}", rule=rule, fix=fix)])
