"""Protocol messages: the field numbers are Terraform's."""

from brickyard_local.provider.wire.messages import message


def test_field_numbers_and_types_are_the_published_ones() -> None:
    """Bytes written by hand from tfplugin6.proto: field 1 bytes `msgpack`; field 2 length-delimited message."""
    request = message("ReadResourceRequest").FromString(b"\x0a\x01a\x12\x03\x0a\x01\xc0\x1a\x01p")
    assert (request.type_name, request.current_state.msgpack, request.private) == ("a", b"\xc0", b"p")


def test_an_empty_step_is_told_apart_from_an_absent_one() -> None:
    step = message("AttributePathStep")(element_key_int=0)
    assert step.SerializeToString() == b"\x18\x00"


def test_maps_travel_as_key_and_value() -> None:
    response = message("GetProviderSchemaResponse")()
    response.resource_schemas["a"].version = 2
    assert response.SerializeToString() == b"\x12\x07\x0a\x01a\x12\x02\x08\x02"


def test_unknown_fields_of_newer_terraforms_are_skipped() -> None:
    assert message("ReadDataSourceRequest").FromString(b"\x0a\x01a\x22\x02\x08\x01").type_name == "a"
