"""The calls of the plugin protocol: validate, plan, apply, read, import.

The rules live in `engine`, the calls of the workspace in `resources`; here they meet.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from brickyard_local.provider.change import Change, answers_for, read
from brickyard_local.provider.client import Api
from brickyard_local.provider.credentials import connect, credentials_of
from brickyard_local.provider.diagnostics import failed, invalid, warning
from brickyard_local.provider.engine import framework
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.engine.merge import adopt, empty, refresh
from brickyard_local.provider.engine.numbers import with_numbers
from brickyard_local.provider.engine.payload import from_api
from brickyard_local.provider.engine.plan import Path, Plan, plan
from brickyard_local.provider.engine.validate import problems
from brickyard_local.provider.errors import ForeignHost, NotConfigured, NotEmulated, ProviderError, Vanished
from brickyard_local.provider.resource import Resource, Session
from brickyard_local.provider.schema.cache import SchemaCache
from brickyard_local.provider.schema.model import Block
from brickyard_local.provider.table import data_source, resource
from brickyard_local.provider.wire.messages import message
from brickyard_local.provider.wire.values import Value, decode_dynamic, encode

NOTICE = "Offline Databricks provider: verified locally only"
_NOTICE_DETAIL = (
    "It plans and applies against the local workspace. It is no proof that the stack deploys on Databricks."
)


def _dynamic(value: Value) -> Any:
    return message("DynamicValue")(msgpack=encode(value))


def _attribute_path(path: Path) -> Any:
    steps = [
        message("AttributePathStep")(element_key_int=step)
        if isinstance(step, int)
        else message("AttributePathStep")(attribute_name=step)
        for step in path
    ]
    return message("AttributePath")(steps=steps)


class Servicer:
    """One provider configuration: Terraform starts a process for each."""

    def __init__(self, schemas: SchemaCache) -> None:
        self._schemas = schemas
        self._blocks: dict[str, Block] = {}
        self._connection: Api | ProviderError = NotConfigured("host")

    def calls(self) -> Mapping[str, Callable[[Any], Any]]:
        """The protocol's calls by name."""
        return {
            "ApplyResourceChange": self.apply_resource_change,
            "ConfigureProvider": self.configure_provider,
            "GetMetadata": self.get_metadata,
            "GetProviderSchema": self.get_provider_schema,
            "ImportResourceState": self.import_resource_state,
            "PlanResourceChange": self.plan_resource_change,
            "ReadDataSource": self.read_data_source,
            "ReadResource": self.read_resource,
            "StopProvider": self.stop_provider,
            "UpgradeResourceState": self.upgrade_resource_state,
            "ValidateDataResourceConfig": self.validate_data_resource_config,
            "ValidateProviderConfig": self.validate_provider_config,
            "ValidateResourceConfig": self.validate_resource_config,
        }

    # Schemas and configuration

    def get_metadata(self, _request: Any) -> Any:
        response = message("GetMetadataResponse")()
        response.server_capabilities.get_provider_schema_optional = True
        return response

    def get_provider_schema(self, _request: Any) -> bytes:
        return self._schemas.response()

    def stop_provider(self, _request: Any) -> Any:
        return message("Empty")()

    def validate_provider_config(self, _request: Any) -> Any:
        return message("ValidateProviderConfigResponse")()

    def configure_provider(self, request: Any) -> Any:
        """The token stays inside the client. A workspace which is not known yet fails at its first use."""
        credentials = credentials_of(decode_dynamic(request.config) or {}, os.environ)
        diagnostics = [warning(NOTICE, _NOTICE_DETAIL)]
        try:
            self._connection = connect(credentials)
        except ForeignHost as error:
            diagnostics = [failed(error)]
        except ProviderError as error:
            self._connection = error
        return message("ConfigureProviderResponse")(diagnostics=diagnostics)

    # Configurations

    def validate_resource_config(self, request: Any) -> Any:
        response = message("ValidateResourceConfigResponse")()
        kind = resource(request.type_name)
        if kind is not None:
            config = self._decoded(request.type_name, request.config) or {}
            found = problems(self._block(request.type_name), kind.behaviour, config)
            response.diagnostics.extend(invalid(request.type_name, problem) for problem in found)
        return response

    def validate_data_resource_config(self, _request: Any) -> Any:
        return message("ValidateResourceConfigResponse")()

    # Managed resources

    def upgrade_resource_state(self, request: Any) -> Any:
        """Names the schema does not have are dropped: the genuine provider's state may be of another version."""
        block = self._block(request.type_name)
        stored = json.loads(request.raw_state.json)
        state = {name: stored.get(name, unset) for name, unset in empty(block).items()}
        return message("UpgradeResourceStateResponse")(upgraded_state=_dynamic(state))

    def read_resource(self, request: Any) -> Any:
        response = message("ReadResourceResponse")(private=request.private)
        prior = self._decoded(request.type_name, request.current_state)
        try:
            kind, session = self._emulated(request.type_name)
            found = read(kind, session, prior)
            merge = framework.state_of if kind.behaviour.framework else refresh
            state = None if found is None else merge(session.block, kind.behaviour, prior, found)
            response.new_state.msgpack = encode(state)
        except ProviderError as error:
            response.diagnostics.append(failed(error))
        return response

    def plan_resource_change(self, request: Any) -> Any:
        response = message("PlanResourceChangeResponse")()
        sent = (request.prior_state, request.config, request.proposed_new_state)
        prior, config, proposed = (self._decoded(request.type_name, each) for each in sent)
        if proposed is None:
            response.planned_state.msgpack = encode(None)
            return response
        try:
            kind = self._known(request.type_name)
            planned = self._plan(kind, self._block(request.type_name), prior, config, proposed)
            response.legacy_type_system = not kind.behaviour.framework
            response.planned_state.msgpack = encode(kind.customize(prior, dict(planned.planned)))
            response.requires_replace.extend(_attribute_path(path) for path in planned.replace)
        except ProviderError as error:
            response.diagnostics.append(failed(error))
        return response

    def _decoded(self, type_name: str, dynamic: Any) -> Value:
        return with_numbers(self._block(type_name), decode_dynamic(dynamic))

    def _plan(self, kind: Resource, block: Block, prior: Value, config: Value, proposed: Value) -> Plan:
        """An answer of the SDK is marked as such: a block may be known only after apply."""
        if kind.behaviour.framework:
            return framework.plan(block, kind.behaviour, prior, config, proposed)
        made = plan(block, kind.behaviour, prior, config)
        more = () if prior is None else tuple((name,) for name in kind.replaces(prior, made.planned))
        return Plan(planned=made.planned, replace=(*made.replace, *more))

    def apply_resource_change(self, request: Any) -> Any:
        response = message("ApplyResourceChangeResponse")()
        sent = (request.prior_state, request.planned_state, request.config)
        prior, planned, config = (self._decoded(request.type_name, each) for each in sent)
        try:
            kind, session = self._emulated(request.type_name)
            response.legacy_type_system = not kind.behaviour.framework
            change = Change(kind=kind, session=session, prior=prior, planned=planned, config=config or {})
            response.new_state.msgpack = encode(change.apply())
            response.diagnostics.extend(failed(error) for error in change.errors)
        except ProviderError as error:
            response.new_state.msgpack = encode(prior)
            response.diagnostics.append(failed(error))
        return response

    def import_resource_state(self, request: Any) -> Any:
        response = message("ImportResourceStateResponse")()
        try:
            kind, session = self._emulated(request.type_name)
            state = {**empty(session.block), **kind.imported(request.id)}
            found = read(kind, session, state)
            if found is None:
                raise Vanished(request.type_name, request.id)
            adopted = {**adopt(session.block, found), **kind.imported(request.id)}
            imported = message("ImportedResource")(type_name=request.type_name, state=_dynamic(adopted))
            response.imported_resources.append(imported)
        except ProviderError as error:
            response.diagnostics.append(failed(error))
        return response

    # Data sources

    def read_data_source(self, request: Any) -> Any:
        response = message("ReadDataSourceResponse")()
        config = decode_dynamic(request.config) or {}
        try:
            source = data_source(request.type_name)
            if source is None:
                raise NotEmulated("data source", request.type_name)
            if config.get("provider_config"):
                raise NotEmulated("argument", f"provider_config of {request.type_name}")
            block = self._schemas.data_source(request.type_name).block
            with answers_for(request.type_name):
                found = source.read(self._api(), config)
                state = adopt(block, from_api(block, Behaviour(), found))
            configured = {name: value for name, value in config.items() if value not in (None, [])}
            response.state.msgpack = encode({**state, **configured})
        except ProviderError as error:
            response.diagnostics.append(failed(error))
        return response

    # What the calls share

    def _api(self) -> Api:
        if isinstance(self._connection, ProviderError):
            raise self._connection
        return self._connection

    def _block(self, type_name: str) -> Block:
        if type_name not in self._blocks:
            self._blocks[type_name] = self._schemas.resource(type_name).block
        return self._blocks[type_name]

    def _known(self, type_name: str) -> Resource:
        kind = resource(type_name)
        if kind is None:
            raise NotEmulated("resource", type_name)
        return kind

    def _emulated(self, type_name: str) -> tuple[Resource, Session]:
        kind = self._known(type_name)
        block = self._block(type_name)
        return kind, Session(api=self._api(), block=block, behaviour=kind.behaviour)
