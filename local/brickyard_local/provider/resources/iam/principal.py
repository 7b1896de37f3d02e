"""What users and service principals have in common."""

from abc import abstractmethod
from typing import ClassVar

from brickyard_local.provider.client import segment
from brickyard_local.provider.errors import ApiError, InvalidValue
from brickyard_local.provider.resource import Resource, Session, State
from brickyard_local.provider.resources.iam.scim import SCIM, compact, entitlements, patch, schemas
from brickyard_local.provider.wire.values import UNKNOWN, Value

PRINCIPAL_LOCAL = frozenset({"id", "disable_as_user_deletion", "force", "force_delete_home_dir", "force_delete_repos"})
"""Arguments of Terraform alone."""


class Principal(Resource):
    """A row names the collection, and the argument and SCIM attribute which the principal is known by."""

    collection: ClassVar[str]
    known_by: ClassVar[tuple[str, str]]

    @abstractmethod
    def body(self, planned: State, *, is_new: bool) -> dict[str, Value]:
        """The SCIM document."""

    def path(self, principal_id: Value) -> str:
        return f"{SCIM}/{self.collection}s/{segment(str(principal_id))}"

    def create(self, session: Session, planned: State) -> str:
        body = compact(self.body(planned, is_new=True))
        try:
            return str(session.api.post(f"{SCIM}/{self.collection}s", body)["id"])
        except ApiError as error:
            if not planned.get("force") or "already exists" not in error.summary:
                raise
        return self._adopt(session, planned)

    def update(self, session: Session, prior: State, planned: State) -> str:
        self._replace(session, str(prior["id"]), planned)
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        path, name = self.path(prior["id"]), prior[self.known_by[0]]
        folders = [
            f"/{folder}/{name}"
            for folder, argument in (("Repos", "force_delete_repos"), ("Users", "force_delete_home_dir"))
            if prior.get(argument)
        ]
        if not prior.get("disable_as_user_deletion"):
            session.api.delete(path)
            self._delete_folders(session, folders)
            return
        if folders:
            raise InvalidValue(
                "A principal which is only disabled keeps its folders",
                "Remove force_delete_repos and force_delete_home_dir, or disable_as_user_deletion.",
            )
        session.api.patch(path, patch("replace", "active", [{"value": "false"}]))

    def common(self, planned: State) -> dict[str, Value]:
        """The part of the document which both kinds have."""
        display_name = planned.get("display_name")
        return {
            "active": bool(planned.get("active")),
            "displayName": None if display_name is UNKNOWN else display_name,
            "entitlements": entitlements(planned),
            "externalId": planned.get("external_id"),
            "schemas": schemas(self.collection),
        }

    def _delete_folders(self, session: Session, folders: list[str]) -> None:
        for folder in folders:
            try:
                session.api.post("/api/2.0/workspace/delete", {"path": folder, "recursive": True})
            except ApiError as error:
                if not error.is_missing:
                    raise

    def _adopt(self, session: Session, planned: State) -> str:
        argument, attribute = self.known_by
        query = {"filter": f'{attribute} eq "{planned[argument]}"', "excludedAttributes": "roles"}
        found = session.api.get(f"{SCIM}/{self.collection}s", query).get("Resources") or []
        if not found:
            raise InvalidValue("There is no such principal", f"{planned[argument]} is unknown.")
        self._replace(session, str(found[0]["id"]), planned)
        return str(found[0]["id"])

    def _replace(self, session: Session, principal_id: str, planned: State) -> None:
        path = self.path(principal_id)
        kept = session.api.get(path, {"attributes": "groups,roles"})
        body = {**self.body(planned, is_new=False), "groups": kept.get("groups"), "roles": kept.get("roles")}
        session.api.put(path, compact(body))
