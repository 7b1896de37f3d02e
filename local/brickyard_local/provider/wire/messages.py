"""Messages of Terraform's plugin protocol 6, made at import from the published field numbers.

No generated code, hence no pin of the protobuf version. Enumerations travel as plain integers.
Source: github.com/hashicorp/terraform, docs/plugin-protocol/tfplugin6.proto
"""

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto  # type: ignore[import-untyped]
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]

PACKAGE = "tfplugin6"
SERVICE = "tfplugin6.Provider"

# One line per message: `field=number:type`; `*type` is repeated, `%type` is a map from string to type.
_TABLE = """
DynamicValue: msgpack=1:bytes json=2:bytes
Diagnostic: severity=1:int64 summary=2:string detail=3:string attribute=4:AttributePath
AttributePath: steps=1:*AttributePathStep
AttributePathStep: attribute_name=1:string element_key_string=2:string element_key_int=3:int64
RawState: json=1:bytes
Schema: version=1:int64 block=2:Block
Block: version=1:int64 attributes=2:*Attribute block_types=3:*NestedBlock description=4:string deprecated=6:bool
Attribute: name=1:string type=2:bytes description=3:string required=4:bool optional=5:bool computed=6:bool \
 sensitive=7:bool deprecated=9:bool nested_type=10:NestedObject write_only=11:bool
NestedBlock: type_name=1:string block=2:Block nesting=3:int64 min_items=4:int64 max_items=5:int64
NestedObject: attributes=1:*Attribute nesting=3:int64
ServerCapabilities: plan_destroy=1:bool get_provider_schema_optional=2:bool move_resource_state=3:bool
TypeName: type_name=1:string
Empty:
GetMetadataResponse: server_capabilities=1:ServerCapabilities diagnostics=2:*Diagnostic data_sources=3:*TypeName \
 resources=4:*TypeName
GetProviderSchemaResponse: provider=1:Schema resource_schemas=2:%Schema data_source_schemas=3:%Schema \
 diagnostics=4:*Diagnostic server_capabilities=6:ServerCapabilities
ValidateProviderConfigRequest: config=1:DynamicValue
ValidateProviderConfigResponse: diagnostics=2:*Diagnostic
ValidateResourceConfigRequest: type_name=1:string config=2:DynamicValue
ValidateResourceConfigResponse: diagnostics=1:*Diagnostic
UpgradeResourceStateRequest: type_name=1:string version=2:int64 raw_state=3:RawState
UpgradeResourceStateResponse: upgraded_state=1:DynamicValue diagnostics=2:*Diagnostic
ConfigureProviderRequest: terraform_version=1:string config=2:DynamicValue
ConfigureProviderResponse: diagnostics=1:*Diagnostic
ReadResourceRequest: type_name=1:string current_state=2:DynamicValue private=3:bytes
ReadResourceResponse: new_state=1:DynamicValue diagnostics=2:*Diagnostic private=3:bytes
PlanResourceChangeRequest: type_name=1:string prior_state=2:DynamicValue proposed_new_state=3:DynamicValue \
 config=4:DynamicValue prior_private=5:bytes
PlanResourceChangeResponse: planned_state=1:DynamicValue requires_replace=2:*AttributePath planned_private=3:bytes \
 diagnostics=4:*Diagnostic legacy_type_system=5:bool
ApplyResourceChangeRequest: type_name=1:string prior_state=2:DynamicValue planned_state=3:DynamicValue \
 config=4:DynamicValue planned_private=5:bytes
ApplyResourceChangeResponse: new_state=1:DynamicValue private=2:bytes diagnostics=3:*Diagnostic \
 legacy_type_system=4:bool
ImportResourceStateRequest: type_name=1:string id=2:string
ImportedResource: type_name=1:string state=2:DynamicValue private=3:bytes
ImportResourceStateResponse: imported_resources=1:*ImportedResource diagnostics=2:*Diagnostic
ReadDataSourceRequest: type_name=1:string config=2:DynamicValue
ReadDataSourceResponse: state=1:DynamicValue diagnostics=2:*Diagnostic
"""

_SCALARS = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "string": FieldDescriptorProto.TYPE_STRING,
}


def _add_field(message: DescriptorProto, entry: str) -> None:
    name, rest = entry.split("=")
    number, kind = rest.split(":")
    field = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
    if kind[0] in "*%":
        field.label = FieldDescriptorProto.LABEL_REPEATED
    kind_name = kind.lstrip("*%")
    if kind[0] == "%":
        kind_name = _add_map_entry(message, name, kind_name)
    if kind_name in _SCALARS:
        field.type = _SCALARS[kind_name]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind_name}"


def _add_map_entry(message: DescriptorProto, field_name: str, value_type: str) -> str:
    """Protobuf's form of a map: a repeated nested message of key and value, named after the field."""
    name = "".join(word.capitalize() for word in field_name.split("_")) + "Entry"
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    _add_field(entry, "key=1:string")
    _add_field(entry, f"value=2:{value_type}")
    return f"{message.name}.{name}"


def _pool() -> DescriptorPool:
    # With proto2 semantics an unset step selector is told apart from an empty one, as the oneof demands.
    file = FileDescriptorProto(name="tfplugin6.proto", package=PACKAGE, syntax="proto2")
    for line in _TABLE.replace("\\\n", "").strip().splitlines():
        name, fields = line.split(":", 1)
        message = file.message_type.add(name=name)
        for entry in fields.split():
            _add_field(message, entry)
    pool = DescriptorPool()
    pool.Add(file)
    return pool


_POOL = _pool()


def message(name: str) -> Any:
    """The class of the message `name` of the table. `Any`: its fields exist at run time only."""
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
