"""Plans are sealed for one key, which no message and no file of the clone shows."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard.bundle.sealing import KEY, KEY_COMMAND, identity, new_key, own_recipient, seal, unseal
from brickyard.clone import Clone
from brickyard.errors import BundleRefused, NoPlanKey


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    file = tmp_path_factory.mktemp("keys") / "key"
    public = new_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    return public, file.read_text().strip()


@given(content=st.binary(max_size=5000))
def test_what_is_sealed_for_a_key_is_opened_by_it(pair: tuple[str, str], content: bytes) -> None:
    public, secret = pair
    sealed = seal(content, public)

    assert unseal(sealed, secret) == content
    assert len(content) < 16 or content not in sealed


@given(at=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_no_byte_of_what_is_sealed_can_change(pair: tuple[str, str], at: int, flip: int) -> None:
    public, secret = pair
    sealed = bytearray(seal(b"a plan" * 100, public))
    sealed[at % len(sealed)] ^= flip

    with pytest.raises(BundleRefused, match="altered, or sealed for another key"):
        unseal(bytes(sealed), secret)


def test_another_key_opens_nothing(pair: tuple[str, str], tmp_path: Path) -> None:
    new_key(tmp_path / "other")

    with pytest.raises(BundleRefused, match="another key"):
        unseal(seal(b"a plan", pair[0]), (tmp_path / "other").read_text().strip())


def test_a_key_that_is_none_is_refused_and_not_repeated(pair: tuple[str, str]) -> None:
    with pytest.raises(NoPlanKey, match="begins with age1"):
        seal(b"", "ssh-ed25519 AAAA")
    with pytest.raises(NoPlanKey) as caught:
        unseal(seal(b"", pair[0]), "hunter2-hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    new_key(tmp_path / "key")

    with pytest.raises(NoPlanKey, match="there already"):
        new_key(tmp_path / "key")


def test_the_key_comes_from_a_command_before_this_clones_own(empty_clone: Clone) -> None:
    with pytest.raises(NoPlanKey, match=KEY_COMMAND):
        identity(empty_clone, {})
    assert identity(empty_clone, {KEY_COMMAND: "echo 'from a vault'"}) == "from a vault"
    assert identity(empty_clone, {KEY: "given", KEY_COMMAND: "false"}) == "given"
    own = own_recipient(empty_clone)
    assert own_recipient(empty_clone) == own
    assert unseal(seal(b"a plan", own), identity(empty_clone, {})) == b"a plan"


@pytest.mark.parametrize(
    ("command", "told"), [("false", "status 1"), ("true", "gave no key"), ("no-such-vault", "cannot be run")]
)
def test_a_vault_that_gives_nothing_is_told(empty_clone: Clone, command: str, told: str) -> None:
    with pytest.raises(NoPlanKey, match=told):
        identity(empty_clone, {KEY_COMMAND: command})
