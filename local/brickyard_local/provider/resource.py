"""What a resource and a data source are: a row of behaviour, and the REST calls behind it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from brickyard_local.provider.client import Api
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.engine.payload import from_api, to_api
from brickyard_local.provider.engine.plan import changed
from brickyard_local.provider.schema.model import Block
from brickyard_local.provider.wire.values import Value

State = Mapping[str, Value]
Found = dict[str, Any]
"""What the workspace reports, under Terraform's names; a name it does not report is absent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One call's surroundings: the client, the resource's schema and behaviour."""

    api: Api
    block: Block
    behaviour: Behaviour

    def body(self, values: State, *names: str) -> dict[str, Any]:
        """The JSON of the arguments in `names`, of all without names."""
        chosen = {name: values.get(name) for name in names} if names else values
        document = to_api(self.block, self.behaviour, chosen)
        if names:
            allowed = {self.behaviour.api_names.get(name, name) for name in names}
            return {key: value for key, value in document.items() if key in allowed}
        return document

    def found(self, document: Mapping[str, Any]) -> Found:
        """The workspace's JSON under Terraform's names."""
        return from_api(self.block, self.behaviour, document)

    def changed(self, prior: State, planned: State) -> frozenset[str]:
        """Top-level names which the change is about."""
        return changed(self.block, self.behaviour, prior, planned)

    def url(self, *parts: str) -> str:
        """An address of the workspace's pages."""
        return f"{self.api.host}/{''.join(parts)}"


class Resource(ABC):
    """One resource type. Errors of every call: ApiError, Unreachable, InvalidValue."""

    type_name: ClassVar[str]
    behaviour: ClassVar[Behaviour]
    import_form: ClassVar[str] = "<id>"
    id_attribute: ClassVar[str] = "id"
    """The attribute which the answer of `create` goes to; some resources have no `id`."""

    @abstractmethod
    def create(self, session: Session, planned: State) -> str:
        """Make the object; its id. Once it exists, `complete` does what is left."""

    def complete(self, _session: Session, _state: State) -> None:  # noqa: B027  most need nothing more
        """Follow-up calls of a creation. The id is in state already, so a failure leaves a tainted object."""

    @abstractmethod
    def read(self, session: Session, state: State) -> Found | None:
        """What the workspace reports, or None when the object is gone. `state` holds the id at least."""

    def written(self, session: Session, state: State) -> Found | None:
        """As `read`, right after a write."""
        return self.read(session, state)

    @abstractmethod
    def update(self, session: Session, prior: State, planned: State) -> str:
        """Change the object; its id."""

    @abstractmethod
    def delete(self, session: Session, prior: State) -> None:
        """Remove the object."""

    def customize(self, _prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        """The plan, with what no table can say. Errors: InvalidValue."""
        return planned

    def replaces(self, _prior: State, _planned: State) -> tuple[str, ...]:
        """Arguments whose change replaces the object, where no table can say so."""
        return ()

    def imported(self, import_id: str) -> dict[str, Value]:
        """What an import id says. Errors: WrongImportId."""
        return {"id": import_id}


class DataSource(ABC):
    """One data source type."""

    type_name: ClassVar[str]

    @abstractmethod
    def read(self, api: Api, config: State) -> Found:
        """What the workspace reports, under Terraform's names."""
