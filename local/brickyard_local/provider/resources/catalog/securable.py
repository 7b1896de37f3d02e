"""What catalogs, schemas, volumes and registered models have in common: create, then settle the owner."""

from typing import ClassVar

from brickyard_local.provider.client import Api, segment
from brickyard_local.provider.errors import InvalidValue, WrongImportId
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.wire.values import UNKNOWN, Value

UNITY = "/api/2.1/unity-catalog"


def current_workspace_id(api: Api) -> int:
    """The workspace we talk to, as the metastore knows it."""
    return int(api.get(f"{UNITY}/current-metastore-assignment")["workspace_id"])


def bind_current_workspace(session: Session, kind: str, name: str) -> None:
    """An isolated securable is bound to the workspace which makes it: nobody could read it else."""
    binding = {"binding_type": "BINDING_TYPE_READ_WRITE", "workspace_id": current_workspace_id(session.api)}
    session.api.patch(f"{UNITY}/bindings/{kind}/{segment(name)}", {"add": [binding]})


def check_metastore(session: Session, metastore_id: Value) -> None:
    """A configured metastore is the workspace's own. Errors: InvalidValue."""
    if not isinstance(metastore_id, str) or not metastore_id:
        return
    assigned = session.api.get(f"{UNITY}/current-metastore-assignment")["metastore_id"]
    if assigned != metastore_id:
        raise InvalidValue(
            f"metastore_id is {metastore_id}, the workspace's metastore is {assigned}",
            "Leave metastore_id out, or name the metastore assigned to the workspace.",
        )


class Securable(Resource):
    """A row names the collection, the parts of the full name and what each request carries."""

    collection: ClassVar[str]
    name_parts: ClassVar[tuple[str, ...]]
    create_fields: ClassVar[tuple[str, ...]]
    update_fields: ClassVar[tuple[str, ...]]
    settled_by_update: ClassVar[tuple[str, ...]] = ("owner",)
    """Arguments a creation does not take: an update follows when one of them is configured."""

    @property
    def import_form(self) -> str:  # type: ignore[override]
        return ".".join(f"<{part}>" for part in self.name_parts)

    def path(self, full_name: Value) -> str:
        return f"{UNITY}/{self.collection}/{segment(str(full_name))}"

    def create(self, session: Session, planned: State) -> str:
        check_metastore(session, planned.get("metastore_id"))
        answer = session.api.post(f"{UNITY}/{self.collection}", session.body(planned, *self.create_fields))
        return str(answer.get("full_name") or answer["name"])

    def complete(self, session: Session, state: State) -> None:
        given = [state.get(name) for name in self.settled_by_update]
        if any(value and value is not UNKNOWN for value in given):
            session.api.patch(self.path(state["id"]), session.body(state, *self.update_fields))

    def read(self, session: Session, state: State) -> Found | None:
        return session.found(session.api.get(self.path(state["id"])))

    def update(self, session: Session, prior: State, planned: State) -> str:
        """The owner goes first and alone: whoever gives an object away may change it no more."""
        names = session.changed(prior, planned) - self.behaviour.local
        path = self.path(prior["id"])
        check_metastore(session, planned.get("metastore_id"))
        if "owner" in names:
            session.api.patch(path, {"owner": planned["owner"]})
        if not names - {"owner"}:
            return str(prior["id"])
        answer = session.api.patch(path, self.update_body(session, prior, planned))
        return str(answer.get("full_name") or answer.get("name") or prior["id"])

    def update_body(self, session: Session, prior: State, planned: State) -> dict[str, Value]:
        fields = [name for name in self.update_fields if name != "owner"]
        body = session.body(planned, *fields)
        if "comment" in session.changed(prior, planned):
            body["comment"] = planned.get("comment") or ""
        return body

    def delete(self, session: Session, prior: State) -> None:
        query = {"force": "true"} if prior.get("force_destroy") else None
        session.api.delete(self.path(prior["id"]), query)

    def imported(self, import_id: str) -> dict[str, Value]:
        if len(import_id.split(".")) != len(self.name_parts):
            raise WrongImportId(self.type_name, import_id, self.import_form)
        return {"id": import_id}
