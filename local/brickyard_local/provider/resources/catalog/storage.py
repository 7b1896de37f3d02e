"""What storage credentials and external locations have in common."""

from typing import ClassVar

from brickyard_local.provider.resource import Session, State
from brickyard_local.provider.resources.catalog.securable import Securable, bind_current_workspace
from brickyard_local.provider.wire.values import Value

ISOLATED = "ISOLATION_MODE_ISOLATED"


def starts_to_skip(old: Value, new: Value) -> bool:
    """Skipping the validation of what is there already changes nothing."""
    return old is False and new is True


class StorageSecurable(Securable):
    """An ISOLATED one is bound to the workspace which makes or changes it."""

    name_parts = ("name",)
    settled_by_update = ("owner", "isolation_mode")
    securable_type: ClassVar[str]
    flags: ClassVar[tuple[str, ...]]
    """Arguments which are sent also when they become false."""

    def complete(self, session: Session, state: State) -> None:
        super().complete(session, state)
        self._bind(session, state, str(state["id"]))

    def update(self, session: Session, prior: State, planned: State) -> str:
        name = super().update(session, prior, planned)
        if session.changed(prior, planned) - self.behaviour.local - {"owner"}:
            self._bind(session, planned, name)
        return name

    def update_body(self, session: Session, prior: State, planned: State) -> dict[str, Value]:
        """A comment which was taken away is not sent, as by the genuine provider."""
        body = session.body(planned, *(name for name in self.update_fields if name != "owner"))
        changed = session.changed(prior, planned)
        body |= {name: bool(planned.get(name)) for name in self.flags if name in changed}
        return {**body, "force": True} if planned.get("force_update") else body

    def _bind(self, session: Session, state: State, name: str) -> None:
        if state.get("isolation_mode") == ISOLATED:
            bind_current_workspace(session, self.securable_type, name)
