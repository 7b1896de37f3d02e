"""Resources which tie two things together: their id is the two names, and every argument replaces them."""

from abc import abstractmethod
from typing import ClassVar

from brickyard_local.provider.errors import InvalidValue, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import Value


class Pair(Resource):
    """A row names the two arguments, and says how the tie is made, looked for and cut."""

    names: ClassVar[tuple[str, str]]
    separator: ClassVar[str] = "|"

    @property
    def import_form(self) -> str:  # type: ignore[override]
        return self.separator.join(f"<{name}>" for name in self.names)

    def of(self, state: State) -> tuple[str, str]:
        """The two names of a state."""
        left, _, right = str(state["id"]).partition(self.separator)
        return left, right

    def create(self, session: Session, planned: State) -> str:
        left, right = (str(planned[name]) for name in self.names)
        self.tie(session, planned, left, right)
        return f"{left}{self.separator}{right}"

    def read(self, session: Session, state: State) -> Found | None:
        left, right = self.of(state)
        found = self.look(session, left, right)
        return None if found is None else {self.names[0]: left, self.names[1]: right, **found}

    def update(self, _session: Session, _prior: State, _planned: State) -> str:
        raise InvalidValue(f"{self.type_name} cannot be updated", "Every argument replaces it.")

    def delete(self, session: Session, prior: State) -> None:
        left, right = self.of(prior)
        self.cut(session, left, right)

    def imported(self, import_id: str) -> dict[str, Value]:
        left, _, right = import_id.partition(self.separator)
        if not left or not right:
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}

    @abstractmethod
    def tie(self, session: Session, planned: State, left: str, right: str) -> None:
        """Make it."""

    @abstractmethod
    def look(self, session: Session, left: str, right: str) -> Found | None:
        """What the workspace reports beside the two names; None when there is no such tie."""

    @abstractmethod
    def cut(self, session: Session, left: str, right: str) -> None:
        """Remove it."""
