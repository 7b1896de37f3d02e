"""Apply one planned change, and say honestly what became of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from brickyard_local.provider.engine import framework
from brickyard_local.provider.engine.merge import not_kept, settle
from brickyard_local.provider.errors import ApiError, NotKept, ProviderError, UnexpectedAnswer, Vanished
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import UNKNOWN, Value


@contextmanager
def answers_for(type_name: str) -> Iterator[None]:
    """Names the resource when an answer of the workspace is not what Databricks sends. Errors: UnexpectedAnswer."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(type_name, error) from error


def read(kind: Resource, session: Session, state: State) -> Found | None:
    """What the workspace reports; an object it does not know is gone."""
    try:
        with answers_for(kind.type_name):
            return kind.read(session, state)
    except ApiError as error:
        if error.is_missing:
            return None
        raise


@dataclass(kw_only=True, slots=True)
class Change:
    """One object's change. `errors` holds what went wrong after the object itself was written."""

    kind: Resource
    session: Session
    prior: Value
    planned: Value
    config: Value
    errors: list[ProviderError] = field(default_factory=list)

    def apply(self) -> Value:
        """The new state. Errors: any ProviderError before the object was written."""
        if self.planned is None:
            self._delete()
            return None
        return self._create() if self.prior is None else self._update()

    def _delete(self) -> None:
        try:
            with answers_for(self.kind.type_name):
                self.kind.delete(self.session, self.prior)
        except ApiError as error:
            if not error.is_missing:
                raise

    def _create(self) -> Value:
        with answers_for(self.kind.type_name):
            state = {**self.planned, self.kind.id_attribute: self.kind.create(self.session, self.planned)}
        try:
            with answers_for(self.kind.type_name):
                self.kind.complete(self.session, state)
            return self._settled(state)
        except ProviderError as error:
            # The object exists: with its id in state Terraform taints it instead of forgetting it.
            self.errors.append(error)
            return self._settle(state, {})

    def _update(self) -> Value:
        with answers_for(self.kind.type_name):
            object_id = self.kind.update(self.session, self.prior, self.planned)
        return self._settled({**self.planned, self.kind.id_attribute: object_id})

    def _settled(self, state: dict[str, Value]) -> Value:
        with answers_for(self.kind.type_name):
            found = self.kind.written(self.session, state)
        if found is None:
            raise Vanished(self.kind.type_name, str(state[self.kind.id_attribute]))
        settled = self._settle(state, found)
        if self.kind.behaviour.framework:
            lost = framework.lost(self.planned, settled)
        else:
            lost = not_kept(self.session.block, self.kind.behaviour, self.config, found)
        if lost:
            self.errors.append(NotKept(self.kind.type_name, sorted(set(lost))))
        return settled

    def _settle(self, state: dict[str, Value], found: Found) -> Value:
        block, behaviour, id_attribute = self.session.block, self.kind.behaviour, self.kind.id_attribute
        if behaviour.framework:
            merged = framework.state_of(block, behaviour, state, found) if found else state
        else:
            merged = settle(block, behaviour, self.planned, self.config, found)
        return {**_known(merged), id_attribute: state[id_attribute]}


def _known(value: Value) -> Value:
    """State holds no unknown: what nobody reported is null."""
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return None if value is UNKNOWN else value
