"""Encryption at rest: the key file, the place of a value, tampering."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_local.errors import ApiError
from brickyard_local.secrets.vault import Vault

PLACE = "1|||scope|||key"


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault(tmp_path_factory.mktemp("vault") / "secrets.key")


@settings(max_examples=50)
@given(value=st.binary(max_size=300), place=st.text(max_size=30))
def test_what_is_sealed_can_be_opened_and_shows_nothing(vault: Vault, value: bytes, place: str) -> None:
    sealed = vault.seal(value, place)

    assert vault.open(sealed, place) == value
    assert len(value) < 4 or value not in base64.b64decode(sealed.ciphertext)


def test_the_key_lies_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "secrets.key"
    Vault(file).seal(b"x", PLACE)

    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_same_value_is_never_sealed_twice_alike(vault: Vault) -> None:
    assert vault.seal(b"same", PLACE).ciphertext != vault.seal(b"same", PLACE).ciphertext


def test_another_start_opens_what_an_earlier_one_sealed(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "key").seal(b"kept", PLACE)

    assert Vault(tmp_path / "key").open(sealed, PLACE) == b"kept"


def test_a_value_that_was_moved_cannot_be_read_under_another_name(vault: Vault) -> None:
    sealed = vault.seal(b"of one scope", PLACE)

    with pytest.raises(ApiError, match="changed outside"):
        vault.open(sealed, "1|||other|||key")


def test_a_changed_ciphertext_is_refused(vault: Vault) -> None:
    sealed = vault.seal(b"value", PLACE)
    changed = bytearray(base64.b64decode(sealed.ciphertext))
    changed[-1] ^= 1

    with pytest.raises(ApiError, match="changed outside"):
        vault.open(replace(sealed, ciphertext=base64.b64encode(changed).decode()), PLACE)


def test_a_lost_key_is_named_and_not_taken_for_an_empty_secret(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "key").seal(b"value", PLACE)
    (tmp_path / "key").unlink()

    with pytest.raises(ApiError, match="key that is gone"):
        Vault(tmp_path / "key").open(sealed, PLACE)


def test_a_torn_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")

    with pytest.raises(ApiError, match="holds 5 bytes"):
        Vault(tmp_path / "key").seal(b"value", PLACE)


def test_reading_makes_no_key_in_the_place_of_a_lost_one(tmp_path: Path) -> None:
    """What is sealed with a new key would be lost when the old file is restored, as the message asks."""
    sealed = Vault(tmp_path / "key").seal(b"value", PLACE)
    (tmp_path / "key").rename(tmp_path / "mislaid")

    with pytest.raises(ApiError, match="key that is gone"):
        Vault(tmp_path / "key").open(sealed, PLACE)

    assert not (tmp_path / "key").exists()
