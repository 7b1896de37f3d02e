"""Encryption of secret values: AES-256-GCM with a key that lies in a file of its own, never in the database.

A copy of the database without the key file shows no value. Each ciphertext is bound to its place (workspace, scope,
key), so a value that somebody moves inside the database cannot be read under another name.
Source: NIST SP 800-38D (96-bit random nonces); cryptography.io/en/latest/hazmat/primitives/aead
"""

import base64
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from brickyard_local.errors import ApiError

_KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A value as it may be kept: base64 of nonce and ciphertext, and which key it needs."""

    ciphertext: str
    key_id: str


class Vault:
    """Seals and opens values. The key file is made, mode 0600, when the first value is sealed."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._lock = threading.Lock()

    def seal(self, value: bytes, place: str) -> Sealed:
        """Encrypt a value for one place."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, nonce = self._key(), os.urandom(_NONCE_BYTES)
        encrypted = nonce + AESGCM(key).encrypt(nonce, value, place.encode())
        return Sealed(ciphertext=base64.b64encode(encrypted).decode(), key_id=_key_id(key))

    def open(self, sealed: Sealed, place: str) -> bytes:
        """Decrypt. Errors: ApiError when the key is another one or the ciphertext is not the one sealed here."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, encrypted = self._known_key(), base64.b64decode(sealed.ciphertext)
        if key is None or _key_id(key) != sealed.key_id:
            raise ApiError(
                f"This secret was encrypted with a key that is gone: {self._key_file.name} in the home of the local "
                f"account is {'missing' if key is None else 'another one now'}. Restore that file, or put the secret "
                "again."
            )
        try:
            return AESGCM(key).decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], place.encode())
        except InvalidTag as error:
            raise ApiError("The stored secret was changed outside of the workspace: put it again.") from error

    def _key(self) -> bytes:
        with self._lock:
            return self._known_key() or self._new_key()

    def _known_key(self) -> bytes | None:
        try:
            key = self._key_file.read_bytes()
        except FileNotFoundError:
            return None
        if len(key) != _KEY_BYTES:
            raise ApiError(f"{self._key_file.name} holds {len(key)} bytes; a key has {_KEY_BYTES}. Restore the file.")
        return key

    def _new_key(self) -> bytes:
        """On disk before anything is encrypted with it: a value that outlived its key would be lost."""
        key = os.urandom(_KEY_BYTES)
        temporary = self._key_file.with_name(self._key_file.name + ".new")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._key_file)
        folder = os.open(self._key_file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return key


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"brickyard secrets key" + key).hexdigest()[:16]
