"""A signed URL is worth one method on one path with one query, for one principal, for a while."""

import time
from urllib.parse import urlsplit

import pytest

from brickyard_local.errors import InvalidParameter, PermissionDenied
from brickyard_local.files.signing import Signer, UrlExpired

HOST = "http://127.0.0.1:1"
PATH = "/api/2.0/fs/files/Volumes/c/s/v/a b&c=d.txt"


def made(signer: Signer, expire_time: str | None = None, **query: str) -> str:
    url = signer.url(HOST, "PUT", PATH, principal="ann@x.org", query=query, expire_time=expire_time)
    return urlsplit(url).query


def test_it_opens_what_it_was_made_for() -> None:
    signer = Signer()
    assert signer.principal(HOST, "PUT", PATH, made(signer, part_number="1")) == "ann@x.org"


def test_a_url_without_a_signature_is_nobodys() -> None:
    assert Signer().principal(HOST, "PUT", PATH, "part_number=1") is None


@pytest.mark.parametrize(
    ("host", "method", "path", "more"),
    [
        ("http://127.0.0.1:2", "PUT", PATH, ""),
        (HOST, "GET", PATH, ""),
        (HOST, "PUT", PATH + "x", ""),
        (HOST, "PUT", PATH, "&overwrite=true"),
        (HOST, "PUT", PATH, "&x-principal=admin%40brickyard.local"),
        (HOST, "PUT", PATH, "&x-signature=0"),
        (HOST, "PUT", PATH, "&x-signature=%C3%BC"),
    ],
)
def test_it_opens_nothing_else(host: str, method: str, path: str, more: str) -> None:
    signer = Signer()
    with pytest.raises(PermissionDenied, match="signature"):
        signer.principal(host, method, path, made(signer, part_number="1") + more)


def test_another_servers_url_opens_nothing() -> None:
    with pytest.raises(PermissionDenied):
        Signer().principal(HOST, "PUT", PATH, made(Signer()))


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer()
    query = made(signer)
    now = time.time()
    monkeypatch.setattr("brickyard_local.files.signing.time.time", lambda: now + 901)
    with pytest.raises(UrlExpired):
        signer.principal(HOST, "PUT", PATH, query)


@pytest.mark.parametrize("expire_time", ["soon", "2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2999-01-01T00:00:00"])
def test_a_time_that_is_none_past_or_far_is_refused(expire_time: str) -> None:
    with pytest.raises(InvalidParameter, match="expire_time"):
        made(Signer(), expire_time)
