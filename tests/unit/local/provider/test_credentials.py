"""Host and token: where they come from, and where the token never goes."""

from pathlib import Path

import pytest

from brickyard_local.provider.client import Api, is_loopback
from brickyard_local.provider.credentials import Credentials, connect, credentials_of
from brickyard_local.provider.errors import BadProfile, ForeignHost, NotConfigured
from brickyard_local.provider.wire.values import UNKNOWN

HOST = "http://127.0.0.1:1"


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "databrickscfg"
    path.write_text(f"[DEFAULT]\nhost = {HOST}0\ntoken = d\n[local]\nhost = {HOST}\ntoken = p%%\n")
    return path


def test_arguments_win_over_the_environment() -> None:
    found = credentials_of({"host": "a", "token": None}, {"DATABRICKS_HOST": "b", "DATABRICKS_TOKEN": "t"})
    assert (found.host, found.token) == ("a", "t")


def test_what_is_not_known_yet_counts_as_absent() -> None:
    with pytest.raises(NotConfigured, match="no host"):
        connect(credentials_of({"host": UNKNOWN, "token": "t"}, {"HOME": "/nonexistent"}))


def test_a_profile_fills_what_is_missing(profiles: Path) -> None:
    api = connect(credentials_of({"profile": "local", "config_file": str(profiles)}, {}))
    assert api.host == HOST


def test_without_a_profile_default_is_read(profiles: Path) -> None:
    assert connect(credentials_of({}, {"DATABRICKS_CONFIG_FILE": str(profiles)})).host == f"{HOST}0"


def test_an_unknown_profile_is_named_with_those_there_are(profiles: Path) -> None:
    with pytest.raises(BadProfile) as error:
        connect(Credentials(config_file=str(profiles), profile="prod"))
    assert "no profile [prod]; it has local" in error.value.detail


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="missing"):
        connect(Credentials(config_file=str(tmp_path / "missing")))


def test_a_broken_file_does_not_show_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "databrickscfg"
    path.write_text("dapi-secret\n")
    with pytest.raises(BadProfile) as error:
        connect(Credentials(config_file=str(path)))
    assert "dapi" not in f"{error.value} {error.value.detail}"


def test_a_token_is_needed() -> None:
    with pytest.raises(NotConfigured, match="no token"):
        connect(Credentials(host=HOST, config_file="", profile=""))


def test_the_token_is_in_no_representation() -> None:
    assert "secret" not in repr(Credentials(host=HOST, token="secret"))
    assert "secret" not in repr(Api(HOST, "secret"))


@pytest.mark.parametrize(
    "host",
    ["https://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com", ""],
)
def test_a_foreign_host_is_refused(host: str) -> None:
    with pytest.raises(ForeignHost):
        Api(host, "t")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_this_machine_is_accepted(host: str) -> None:
    assert is_loopback(host)
