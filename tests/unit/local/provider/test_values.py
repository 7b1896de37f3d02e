"""Terraform values over the wire."""

import copy

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.provider.engine.numbers import with_numbers
from brickyard_local.provider.schema.model import Attribute, Block
from brickyard_local.provider.wire.values import UNKNOWN, Unknown, decode, encode, has_unknown

SCALARS = st.none() | st.just(UNKNOWN) | st.booleans() | st.text() | st.integers(-(2**63), 2**63 - 1)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_every_value_survives_the_wire(value: object) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "extension", [msgpack.ExtType(0, b"\x00"), msgpack.ExtType(12, b""), msgpack.ExtType(12, b"\x81\x01\xc2")]
)
def test_plain_and_refined_unknowns_are_unknown(extension: msgpack.ExtType) -> None:
    assert decode(msgpack.packb({"a": [extension]})) == {"a": [UNKNOWN]}


def test_an_unknown_is_written_as_terraform_writes_it() -> None:
    assert encode(UNKNOWN) == b"\xd4\x00\x00"


def test_there_is_one_unknown() -> None:
    assert Unknown() is UNKNOWN
    assert copy.deepcopy(UNKNOWN) is UNKNOWN


@given(VALUES)
def test_has_unknown_looks_into_everything(value: object) -> None:
    assert has_unknown(value) == ("UNKNOWN" in _shown(value))


def _shown(value: object) -> list[str]:
    if isinstance(value, dict):
        return [item for inner in value.values() for item in _shown(inner)]
    if isinstance(value, list):
        return [item for inner in value for item in _shown(inner)]
    return ["UNKNOWN"] if value is UNKNOWN else []


def test_what_terraform_has_no_type_for_is_refused() -> None:
    with pytest.raises(TypeError, match="object is not a Terraform value"):
        encode({"a": object()})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_fraction_reads_as_it_was_written(number: float) -> None:
    """Terraform's 0.2 is no float: as text it comes back as the number of the configuration."""
    block = Block(attributes={"n": Attribute(type="number"), "many": Attribute(type=["list", "number"])})
    sent = {"n": number, "many": [number]}

    assert with_numbers(block, decode(encode(sent))) == sent
    assert number.is_integer() or msgpack.unpackb(encode(sent))["n"] == repr(number)
