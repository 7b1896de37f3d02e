"""Routes of /api/2.0/mlflow/unity-catalog: mlflow's `databricks-uc` registry. HTTP only.

Source: mlflow's `databricks_uc_registry_service.proto`. mlflow sends fields in the query or in the body, whatever
the method. Model files travel over the Files API below /Models, so no credentials are given out.
Gaps: generate-temporary-credentials, prompts: 501.
"""

import re

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.errors import InvalidParameter, NotFound
from brickyard_local.models.payloads import (
    Fields,
    MlflowAlias,
    MlflowLineage,
    MlflowModel,
    MlflowSearch,
    MlflowTag,
    MlflowVersion,
    Tag,
    parse,
)
from brickyard_local.models.render import model_proto, version_proto
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/mlflow/unity-catalog", tags=["models"])
_FILTER = re.compile(r"""^\s*(name|run_id)\s*=\s*(?:'([^']*)'|"([^"]*)")\s*$""")
_KEPT = ("source", "run_id", "run_tracking_server_id", "feature_deps", "model_version_dependencies", "model_id")


@router.get("/registered-models:is-databricks-sdk-models-artifact-repository-enabled")
def is_sdk_artifact_repository_enabled() -> Document:
    """True: mlflow uploads and downloads model files with databricks-sdk's Files API."""
    return {"is_databricks_sdk_models_artifact_repository_enabled": True}


@router.post("/registered-models/create")
def create_model(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowModel, fields)
    parent, name = _split(body.name)
    model = local.models.create(caller, parent, name, body.description, _tags(body.tags))
    if body.deployment_job_id:
        model = local.models.connect(caller, body.name, body.deployment_job_id)
    return _model(model, local)


@router.patch("/registered-models/update")
def update_model(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowModel, fields)
    changes = {"comment": body.description, "new_name": body.new_name and body.new_name.rpartition(".")[2]}
    given = {field: value for field, value in changes.items() if value is not None}
    if body.deployment_job_id is not None:
        model = local.models.connect(caller, body.name, body.deployment_job_id)
    if given or body.deployment_job_id is None:
        model = local.models.update(caller, body.name, given)
    return _model(model, local)


@router.delete("/registered-models/delete")
def delete_model(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    local.models.delete(caller, parse(MlflowModel, fields).name)
    return {}


@router.get("/registered-models/get")
def get_model(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    return _model(local.models.model(caller, parse(MlflowModel, fields).name), local)


@router.get("/registered-models/search")
def search_models(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """All models that the caller may see, by name."""
    body = parse(MlflowSearch, fields)
    found = local.models.models(caller)
    chosen, token = page(found, lambda model: str(model["full_name"]), body.max_results, body.page_token)
    answer: Document = {"registered_models": [model_proto(model, search=True) for model in chosen]}
    return {**answer, "next_page_token": token} if token else answer


@router.post("/registered-models/set-tag")
def set_model_tag(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowTag, fields)
    local.models.tag(caller, body.name, body.key, body.value)
    return {}


@router.delete("/registered-models/delete-tag")
def delete_model_tag(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowTag, fields)
    local.models.tag(caller, body.name, body.key, None)
    return {}


@router.post("/registered-models/alias")
def set_alias(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    body = parse(MlflowAlias, fields)
    local.models.set_alias(caller, body.name, body.alias, body.version)
    return {}


@router.get("/registered-models/alias")
def get_by_alias(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowAlias, fields)
    return _version(local.models.version_by_alias(caller, body.name, body.alias), local)


@router.delete("/registered-models/alias")
def delete_alias(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowAlias, fields)
    local.models.delete_alias(caller, body.name, body.alias)
    return {}


@router.post("/model-versions/create")
def create_version(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowVersion, fields)
    kept: Document = {field: value for field, value in body.given().items() if field in _KEPT}
    kept["tags"] = _tags(body.tags)
    if body.description is not None:
        kept["comment"] = body.description
    if (body.run_tracking_server_id or "").isdecimal():
        kept["run_workspace_id"] = int(body.run_tracking_server_id or 0)
    return _version(local.models.create_version(caller, body.name, kept), local)


@router.post("/model-versions/finalize")
def finalize_version(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, INVALID_STATE without files, PERMISSION_DENIED."""
    body = parse(MlflowVersion, fields)
    return _version(local.models.finalize(caller, body.name, body.version), local)


@router.get("/model-versions/get")
def get_version(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowVersion, fields)
    answer = _version(version := local.models.version(caller, body.name, body.version), local)
    if local.models.deployments is not None and version.get("deployment"):
        model = local.models.model(caller, body.name)
        answer["model_version"] |= local.models.deployments.of_version(model, version)
    return answer


@router.get("/model-versions/get-download-uri")
def get_download_uri(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowVersion, fields)
    return {"artifact_uri": _location(local.models.version(caller, body.name, body.version), local)}


@router.patch("/model-versions/update")
def update_version(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowVersion, fields)
    return _version(local.models.update_version(caller, body.name, body.version, body.description), local)


@router.delete("/model-versions/delete")
def delete_version(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowVersion, fields)
    local.models.delete_version(caller, body.name, body.version)
    return {}


@router.get("/model-versions/search")
def search_versions(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """By `name = '…'` or `run_id = '…'`, newest first. Errors: INVALID_PARAMETER_VALUE, PERMISSION_DENIED."""
    body = parse(MlflowSearch, fields)
    found = sorted(_searched(body.filter, caller, local), key=lambda version: -version["created_at"])
    chosen, token = page(found, lambda version: str(version["key"]), body.max_results, body.page_token)
    shown = [version_proto(version, _location(version, local), search=True) for version in chosen]
    answer: Document = {"model_versions": shown}
    return {**answer, "next_page_token": token} if token else answer


@router.post("/model-versions/set-tag")
def set_version_tag(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowTag, fields)
    local.models.tag_version(caller, body.name, body.version, body.key, body.value)
    return {}


@router.delete("/model-versions/delete-tag")
def delete_version_tag(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowTag, fields)
    local.models.tag_version(caller, body.name, body.version, body.key, None)
    return {}


@router.post("/model-versions/emit-lineage")
def emit_lineage(fields: Fields, caller: CurrentCaller, local: Local) -> Document:
    """Kept with the version. Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    body = parse(MlflowLineage, fields)
    lineage = {name: value for name, value in body.given().items() if name not in {"name", "version"}}
    local.models.keep_lineage(caller, body.name, body.version, lineage)
    return {}


def _searched(text: str | None, caller: Caller, local: LocalState) -> list[Document]:
    if not text:
        return [
            version
            for model in local.models.models(caller)
            for version in local.models.versions(caller, model["full_name"])
        ]
    found = _FILTER.match(text)
    if found is None:
        raise InvalidParameter(f"filter {text!r}: Unity Catalog takes one of name = '…' and run_id = '…'.")
    value = found.group(2) or found.group(3) or ""
    if found.group(1) == "run_id":
        return local.models.versions_of_run(caller, value)
    try:
        return local.models.versions(caller, value)
    except NotFound:
        return []


def _split(full_name: str) -> tuple[str, str]:
    parent, _, name = full_name.rpartition(".")
    if full_name.count(".") != 2:
        raise InvalidParameter(f"'{full_name}': please specify all three levels, catalog.schema.name.")
    return parent, name


def _tags(tags: list[Tag]) -> dict[str, str]:
    return {tag.key: tag.value for tag in tags}


def _model(model: Document, local: LocalState) -> Document:
    shown = {} if local.models.deployments is None else local.models.deployments.of_model(model)
    return {"registered_model": {**model_proto(model), **shown}}


def _location(version: Document, local: LocalState) -> str:
    return local.models.location(version["full_name"], version["version"])


def _version(version: Document, local: LocalState) -> Document:
    return {"model_version": version_proto(version, _location(version, local))}
