"""Terraform's values as msgpack: null, unknown, scalars, lists and maps.

An unknown value is extension 0; extension 12 is an unknown with a refinement ("is not null", a prefix). The
refinement is a promise of the caller which a provider may ignore, so both decode to `UNKNOWN`.
Source: github.com/hashicorp/terraform, docs/plugin-protocol/object-wire-format.md
"""

import json
from typing import Any, Final, final

import msgpack


@final
class Unknown:
    """The type of `UNKNOWN`, a value which is known only after apply."""

    _only: "Unknown | None" = None

    def __new__(cls) -> "Unknown":
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, _memo: object) -> "Unknown":
        return self


UNKNOWN: Final = Unknown()
_UNKNOWN_BYTES: Final = msgpack.ExtType(0, b"\x00")
_PLAIN, _REFINED = 0, 12

Value = Any
"""None, UNKNOWN, str, bool, int, float, a list of values or a map from str to values."""


def _decode_extension(code: int, data: bytes) -> Value:
    if code in (_PLAIN, _REFINED):
        return UNKNOWN
    return msgpack.ExtType(code, data)


def _encode_extension(value: object) -> Any:
    if value is UNKNOWN:
        return _UNKNOWN_BYTES
    raise TypeError(f"{type(value).__name__} is not a Terraform value")


def decode(packed: bytes) -> Value:
    """The value in msgpack bytes."""
    return msgpack.unpackb(packed, ext_hook=_decode_extension, strict_map_key=False)


def encode(value: Value) -> bytes:
    """Msgpack bytes of a value. Errors: TypeError for what Terraform has no type for."""
    packed: bytes = msgpack.packb(_exact(value), default=_encode_extension)
    return packed


def _exact(value: Value) -> Value:
    """Fractions as text: Terraform reads 0.2 from it as from a configuration, and not the float that is next to it."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return repr(value) if isinstance(value, float) and not value.is_integer() else value


def decode_dynamic(dynamic: Any) -> Value:
    """The value of a DynamicValue message, which holds msgpack or, rarely, JSON."""
    if dynamic.msgpack:
        return decode(dynamic.msgpack)
    return json.loads(dynamic.json) if dynamic.json else None


def has_unknown(value: Value) -> bool:
    """Whether anything inside is known only after apply."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN
