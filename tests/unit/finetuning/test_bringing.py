"""Base models brought from an allowed host, by a real server over TLS: cut, killed, changed, wrong."""

import datetime as dt
import hashlib
import ipaddress
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from brickyard_pipelines.finetuning import outputs
from brickyard_pipelines.finetuning.base_models import bring as bringing
from brickyard_pipelines.finetuning.base_models import download as downloads
from brickyard_pipelines.finetuning.base_models.bring import bring
from brickyard_pipelines.finetuning.errors import CannotBring, InvalidPlan
from brickyard_pipelines.finetuning.plan import parse_plan
from brickyard_pipelines.finetuning.plan.base_models import BaseModel, WeightsSource

ROOT = Path(__file__).parents[3]
PART = 1000
FILES = {"config.json": b"{}", "model.safetensors": bytes(range(256)) * 20}


@dataclass
class Host:
    """What a server holds, what it was asked, and how it misbehaves."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    asked: list[tuple[str, str]] = field(default_factory=list)
    cuts: int = 0
    ranges: bool = True
    etag: str = '"1"'
    redirect: str | None = None
    whole: int = 0

    def source(self, **changed: Any) -> WeightsSource:
        known = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        return WeightsSource(**{"url": f"https://{self.address}/base/", "files": known, **changed})


def handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/base/")
            host.asked.append((name, self.headers.get("Range", "")))
            if host.redirect:
                self.send_response(302)
                self.send_header("Location", host.redirect)
                self.end_headers()
                return
            if name not in host.files:
                self.send_error(404)
                return
            self._send(host.files[name])

        def _send(self, content: bytes) -> None:
            begin, end = (int(each) for each in self.headers["Range"].removeprefix("bytes=").split("-"))
            body = content[begin : end + 1] if host.ranges else content
            self.send_response(206 if host.ranges else 200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", host.etag)
            if host.ranges:
                self.send_header("Content-Range", f"bytes {begin}-{begin + len(body) - 1}/{len(content)}")
            self.end_headers()
            if host.cuts and len(body) > 1 and len(host.asked) > host.whole:
                host.cuts -= 1
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                self.connection.close()
                return
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's own address, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def host(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    found = Host()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(found))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found.address = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads.download, "__kwdefaults__", {"part_bytes": PART, "wait_s": 0.0})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


def model(source: WeightsSource) -> BaseModel:
    return BaseModel(name="base", path="models/base", licence="mit", source=source)


def test_a_model_comes_once_in_parts_and_is_found_whole_later(host: Host, tmp_path: Path) -> None:
    wanted = model(host.source())
    first = bring(wanted, root=tmp_path, hosts=[host.address])
    assert not first["found"]
    assert {name: (tmp_path / "models" / "base" / name).read_bytes() for name in FILES} == FILES
    asked = [where for name, where in host.asked if name == "model.safetensors"]
    assert asked[:2] == ["bytes=0-999", "bytes=1000-1999"]
    assert len(asked) == 6
    count = len(host.asked)
    assert bring(wanted, root=tmp_path, hosts=[host.address]) == {**first, "found": True}
    (tmp_path / "models" / "base" / "model.safetensors").write_bytes(b"damaged")
    assert not bring(wanted, root=tmp_path, hosts=[host.address])["found"]
    assert len(host.asked) == 2 * count
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".lock", "base"]


def test_what_came_before_a_cut_is_not_asked_again(host: Host, tmp_path: Path) -> None:
    host.cuts = 3
    bring(model(host.source()), root=tmp_path, hosts=[host.address])
    asked = [where for name, where in host.asked if name == "model.safetensors"]
    assert len(asked) <= 6 + 3
    assert (tmp_path / "models" / "base" / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_a_host_that_stays_silent_is_named_and_the_parts_wait(host: Host, tmp_path: Path) -> None:
    host.cuts = 100
    with pytest.raises(CannotBring, match=r"config\.json.*IncompleteRead.*see that the host answers"):
        bring(model(host.source()), root=tmp_path, hosts=[host.address])
    assert not (tmp_path / "models" / "base").exists()
    host.cuts = 0
    assert not bring(model(host.source()), root=tmp_path, hosts=[host.address])["found"]


def test_a_killed_process_loses_one_part(host: Host, tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT / "pipelines")!r})
from pathlib import Path
from brickyard_pipelines.finetuning.base_models import download
taken = download._Parts._take
def take(self, answer, begin):
    if begin >= 3000:
        os.kill(os.getpid(), signal.SIGKILL)
    taken(self, answer, begin)
download._Parts._take = take
download.download({f"https://{host.address}/base/model.safetensors"!r}, Path({str(tmp_path / "weights")!r}),
    sha256={hashlib.sha256(FILES["model.safetensors"]).hexdigest()!r}, hosts=[{host.address!r}], part_bytes={PART})
"""
    killed = subprocess.run([sys.executable, "-c", code], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    before = len(host.asked)
    sha256 = hashlib.sha256(FILES["model.safetensors"]).hexdigest()
    url = f"https://{host.address}/base/model.safetensors"
    downloads.download(url, tmp_path / "weights", sha256=sha256, hosts=[host.address])
    assert [where for _, where in host.asked[before:]] == ["bytes=3000-3999", "bytes=4000-4999", "bytes=5000-5999"]
    assert (tmp_path / "weights").read_bytes() == FILES["model.safetensors"]


def test_a_server_without_ranges_sends_a_file_at_once(host: Host, tmp_path: Path) -> None:
    host.ranges, host.cuts = False, 1
    bring(model(host.source()), root=tmp_path, hosts=[host.address])
    assert (tmp_path / "models" / "base" / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_parts_of_two_revisions_are_never_joined(host: Host, tmp_path: Path) -> None:
    target, name = tmp_path / "weights", "model.safetensors"
    older = host.files[name]
    host.cuts, host.whole = 1000, 2
    host.files[name] = bytes(len(older))
    url, sha256 = f"https://{host.address}/base/{name}", hashlib.sha256(older).hexdigest()
    with pytest.raises(CannotBring):
        downloads.download(url, target, sha256=sha256, hosts=[host.address])
    host.files[name], host.etag, host.cuts = older, '"2"', 0
    downloads.download(url, target, sha256=sha256, hosts=[host.address])
    assert target.read_bytes() == older


def test_another_file_than_the_plan_means_is_refused_with_both_hashes(host: Host, tmp_path: Path) -> None:
    wrong = {**(host.source().files or {}), "config.json": "0" * 64}
    with pytest.raises(CannotBring, match=r"got sha256 44136fa.*the plan wants 0{64}"):
        bring(model(host.source(files=wrong)), root=tmp_path, hosts=[host.address])
    assert not (tmp_path / "models" / "base").exists()


def test_a_missing_file_is_refused_at_once(host: Host, tmp_path: Path) -> None:
    with pytest.raises(CannotBring, match=r"base/none\.bin: got HTTPError: HTTP Error 404"):
        bring(model(host.source(files={"none.bin": "0" * 64})), root=tmp_path, hosts=[host.address])
    assert len(host.asked) == 1


def test_only_hosts_of_the_environment_are_asked(host: Host, tmp_path: Path) -> None:
    with pytest.raises(CannotBring, match=r"hosts of this environment are none\. Have it added to network\.model_host"):
        bring(model(host.source()), root=tmp_path, hosts=[])
    assert host.asked == []
    host.redirect = "https://elsewhere.example/weights?signature=secret"
    with pytest.raises(CannotBring, match=r"got a redirect to https://elsewhere\.example;") as refused:
        bring(model(host.source()), root=tmp_path, hosts=[host.address])
    assert "secret" not in str(refused.value)


def test_what_was_hashed_while_it_came_is_not_read_again(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def hashed(folder: Path, names: Iterable[str]) -> dict[str, str]:
        read.extend(names)
        return outputs.file_hashes(folder, read)

    monkeypatch.setattr(bringing, "file_hashes", hashed)
    bring(model(host.source()), root=tmp_path, hosts=[host.address])
    assert read == []
    volume = tmp_path / "models" / "base"
    bring(
        BaseModel(name="b", path="copy", licence="mit", source=WeightsSource(volume=str(volume))),
        root=tmp_path,
        hosts=[],
    )
    assert read == []


def test_a_folder_of_a_volume_is_copied_and_what_others_put_there_is_left_alone(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    source = WeightsSource(volume=str(volume))
    with pytest.raises(CannotBring, match=r"got no config\.json"):
        bring(model(source), root=tmp_path, hosts=[])
    for name, content in FILES.items():
        (volume / name).write_bytes(content)
    assert sorted(bring(model(source), root=tmp_path, hosts=[])["files"]) == sorted(FILES)
    assert bring(model(source), root=tmp_path, hosts=[])["found"]
    (tmp_path / "models" / "base" / ".brought.json").unlink()
    with pytest.raises(CannotBring, match="a folder that others filled is not written over"):
        bring(model(source), root=tmp_path, hosts=[])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, "got none of them; a source is a model, a volume or a url"),
        ({"url": "https://h/x", "model": "a.b.c/1"}, "got model and url"),
        ({"model": "a.b.c"}, "a model is named with its version or alias; versions count from 1"),
        ({"model": "a.b.c/0"}, "got 'a.b.c/0'; a model is named with its version or alias; versions count from 1"),
        ({"volume": "/tmp/x"}, "it is a folder of a volume"),
        ({"url": "http://h/x", "files": {"a": "0" * 64}}, "an address is https"),
        ({"url": "https://me:secret@h/x", "files": {"a": "0" * 64}}, "https://h/x'; an address is https, with no user"),
        ({"url": "https://h/x"}, "what comes from a host is checked by its hash"),
        ({"url": "https://h/x", "files": {"../a": "0" * 64}}, "a name in the folder"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused_with_its_line(source: Any, said: str) -> None:
    document = {
        "name": "p",
        "use_case": "u",
        "approach": "supervised",
        "accepted_licences": ["mit"],
        "base_models": [{"name": "m", "path": "m", "licence": "mit", "source": source}],
        "data": {"train": [{"path": "x.jsonl"}]},
        "training": {"precision": "fp32"},
    }
    with pytest.raises(InvalidPlan) as refused:
        parse_plan(json.dumps(document))
    assert said in str(refused.value)
    assert "plan.yaml:1: base_models[0].source" in str(refused.value)
    assert "secret" not in str(refused.value)
