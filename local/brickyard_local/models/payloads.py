"""Request bodies of registered models, in the dialects of Unity Catalog's API and of mlflow."""

from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from brickyard_local.errors import MalformedRequest

_KEPT = ("source", "run_id", "run_tracking_server_id", "feature_deps", "model_id", "comment")


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class CreateRegisteredModel(Payload):
    """POST /models. The provider sends all fields of its schema; those that are not the client's are ignored."""

    catalog_name: str
    schema_name: str
    name: str
    comment: str | None = None
    storage_location: str | None = None
    owner: str | None = None
    aliases: list[dict[str, Any]] | None = None
    browse_only: bool | None = None
    created_at: int | None = None
    created_by: str | None = None
    full_name: str | None = None
    metastore_id: str | None = None
    updated_at: int | None = None
    updated_by: str | None = None
    tags: list["Tag"] = []
    deployment_job_id: str | None = None


class UpdateRegisteredModel(Payload):
    """PATCH /models/{full_name}: the name, the owner or the comment can be updated; other fields are echoes."""

    new_name: str | None = None
    owner: str | None = None
    comment: str | None = None
    name: str | None = None
    catalog_name: str | None = None
    schema_name: str | None = None
    storage_location: str | None = None
    aliases: list[dict[str, Any]] | None = None
    browse_only: bool | None = None
    created_at: int | None = None
    created_by: str | None = None
    full_name: str | None = None
    metastore_id: str | None = None
    updated_at: int | None = None
    updated_by: str | None = None
    deployment_job_id: str | None = None

    def changes(self) -> dict[str, Any]:
        return {field: value for field, value in self.given().items() if field in {"new_name", "owner", "comment"}}


class SetAlias(Payload):
    """PUT /models/{full_name}/aliases/{alias}."""

    version_num: int
    full_name: str | None = None
    alias: str | None = None


class CreateVersion(Payload):
    """POST /models/versions: a version as mlflow registers it in Unity Catalog's own dialect."""

    catalog_name: str
    schema_name: str
    model_name: str
    source: str | None = None
    run_id: str | None = None
    comment: str | None = None
    tags: list["Tag"] = []
    model_version_dependencies: dict[str, Any] | None = None
    model_id: str | None = None
    feature_deps: str | None = None
    run_tracking_server_id: str | None = None

    def kept(self) -> dict[str, Any]:
        """What is kept of a version; the dependencies as the list that mlflow's own dialect has."""
        kept = {name: value for name, value in self.given().items() if name in _KEPT}
        kept["tags"] = {tag.key: tag.value for tag in self.tags}
        if (self.run_tracking_server_id or "").isdecimal():
            kept["run_workspace_id"] = int(self.run_tracking_server_id or 0)
        if self.model_version_dependencies:
            kept["model_version_dependencies"] = self.model_version_dependencies.get("dependencies", [])
        return kept


class FinalizeVersion(Payload):
    """PATCH /models/{full_name}/versions/{version}/finalize: an echo of the path."""

    full_name: str | None = None
    version: int | None = None


class TagChanges(Payload):
    """What of an object's tags is to change."""

    add_tags: list["Tag"] = []
    remove: list[str] = []


class UpdateTags(Payload):
    """PATCH /securable-tags/… and /subentity-tags/…."""

    changes: TagChanges
    securable_type: str | None = None
    securable_full_name: str | None = None
    subentity_name: str | None = None


class UpdateVersion(Payload):
    """PATCH /models/{full_name}/versions/{version}: only the comment can be updated; other fields are echoes."""

    comment: str | None = None
    aliases: list[dict[str, Any]] | None = None
    catalog_name: str | None = None
    created_at: int | None = None
    created_by: str | None = None
    full_name: str | None = None
    id: str | None = None
    metastore_id: str | None = None
    model_name: str | None = None
    model_version_dependencies: dict[str, Any] | None = None
    run_id: str | None = None
    run_workspace_id: int | None = None
    schema_name: str | None = None
    source: str | None = None
    status: str | None = None
    storage_location: str | None = None
    updated_at: int | None = None
    updated_by: str | None = None
    version: int | None = None


class Tag(Payload):
    """A tag of a model or a version."""

    key: str
    value: str = ""


class MlflowModel(Payload):
    """registered-models/{create,update,get,delete}."""

    name: str
    new_name: str | None = None
    description: str | None = None
    tags: list[Tag] = []
    deployment_job_id: str | None = None


class MlflowVersion(Payload):
    """model-versions/{create,get,update,delete,finalize,…}."""

    name: str
    version: int = 0
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    run_tracking_server_id: str | None = None
    feature_deps: str | None = None
    model_version_dependencies: list[Any] | None = None
    model_id: str | None = None
    tags: list[Tag] = []


class MlflowTag(Payload):
    """{registered-models,model-versions}/{set-tag,delete-tag}."""

    name: str
    key: str
    value: str = ""
    version: int = 0


class MlflowAlias(Payload):
    """registered-models/alias."""

    name: str
    alias: str
    version: int = 0


class MlflowSearch(Payload):
    """{registered-models,model-versions}/search."""

    filter: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class MlflowLineage(Payload):
    """model-versions/emit-lineage."""

    name: str
    version: int
    model_version_lineage_info: dict[str, Any] | None = None
    securable: dict[str, Any] | None = None


async def _fields(request: Request) -> dict[str, Any]:
    """The fields of a call: of its query and, whatever its method, of its JSON body."""
    body = await request.body()
    try:
        sent = await request.json() if body else {}
    except ValueError as error:
        raise MalformedRequest(f"{request.method} {request.url.path}: the body is not JSON ({error}).") from error
    if not isinstance(sent, dict):
        raise MalformedRequest(f"{request.method} {request.url.path}: the body is not a JSON object.")
    return {**request.query_params, **sent}


Fields = Annotated[dict[str, Any], Depends(_fields)]
P = TypeVar("P", bound=BaseModel)


def parse(shape: type[P], fields: dict[str, Any]) -> P:
    """The fields as a payload. Errors: MalformedRequest naming each field that is wrong."""
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise MalformedRequest(f"{shape.__name__}: {found}") from error
