"""Resources which the genuine provider generates from the API: the plan is the body, the answer is the state."""

from collections.abc import Mapping
from typing import Any, ClassVar

from brickyard_local.provider.client import segment
from brickyard_local.provider.errors import WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import UNKNOWN, Value


class Generated(Resource):
    """A row names the collection, the arguments which are the object's address below it, and what updates carry."""

    collection: ClassVar[str]
    address: ClassVar[tuple[str, ...]]
    update_mask: ClassVar[tuple[str, ...]]
    number_keys: ClassVar[frozenset[str]] = frozenset()
    """Parts of the address which are numbers."""

    @property
    def import_form(self) -> str:  # type: ignore[override]
        return ",".join(f"<{name}>" for name in self.address)

    def path(self, state: State) -> str:
        """The object's address; `collection` may name arguments in braces."""
        return "/".join([self.place(state), *(segment(str(state[name])) for name in self.address)])

    def place(self, _state: State) -> str:
        return self.collection

    def create(self, session: Session, planned: State) -> str:
        answer = session.api.post(self.place(planned), plain(planned))
        return str(answer[self.id_attribute])

    def read(self, session: Session, state: State) -> Found | None:
        return dict(session.api.get(self.path(state)))

    def update(self, session: Session, prior: State, planned: State) -> str:
        query = f"?update_mask={','.join(self.update_mask)}" if self.update_mask else ""
        session.api.patch(f"{self.path(prior)}{query}", plain(planned))
        return str(prior[self.id_attribute])

    def delete(self, session: Session, prior: State) -> None:
        session.api.delete(self.path(prior))

    def imported(self, import_id: str) -> dict[str, Value]:
        parts = import_id.split(",")
        if len(parts) != len(self.address) or not all(parts):
            raise WrongImportId(self.type_name, import_id, self.import_form)
        named = zip(self.address, parts, strict=True)
        return {name: self._key(name, part) for name, part in named}

    def _key(self, name: str, part: str) -> Value:
        if name not in self.number_keys:
            return part
        if not part.isdecimal():
            raise WrongImportId(self.type_name, part, self.import_form)
        return int(part)


def plain(values: Mapping[str, Value]) -> dict[str, Any]:
    """The JSON of what is known and set; false and the empty text are values."""
    return {name: _plain(value) for name, value in values.items() if value is not None and value is not UNKNOWN}


def _plain(value: Value) -> Any:
    if isinstance(value, dict):
        return plain(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
