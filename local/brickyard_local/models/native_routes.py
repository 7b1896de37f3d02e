"""Routes that mlflow's `databricks-uc` registry adds to Unity Catalog's own dialect. HTTP only.

Clients of mlflow from 3.13 ask them when MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY is set; model files travel over the
Files API below /Models, as ever.
Source: mlflow's `unity_catalog_service.proto`, `uc_native_rest_store.py`.
Gaps: temporary-model-version-credentials; tags of anything but models and their versions (type FUNCTION): 501.
"""

from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.models.payloads import CreateVersion, FinalizeVersion, UpdateTags
from brickyard_local.models.render import version_info
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.1/unity-catalog", tags=["models"])


@router.post("/models/versions")
def create_version(body: CreateVersion, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
    full_name = f"{body.catalog_name}.{body.schema_name}.{body.model_name}"
    return _version(local.models.create_version(caller, full_name, body.kept()), local)


@router.patch("/models/{full_name}/versions/{version}/finalize")
def finalize_version(
    full_name: str, version: int, _body: FinalizeVersion, caller: CurrentCaller, local: Local
) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, INVALID_STATE without files, PERMISSION_DENIED."""
    return _version(local.models.finalize(caller, full_name, version), local)


@router.patch("/securable-tags/{securable_type}/{full_name}")
def tag_model(securable_type: str, full_name: str, body: UpdateTags, caller: CurrentCaller, local: Local) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    _refuse_others(securable_type)
    for key in body.changes.remove:
        local.models.tag(caller, full_name, key, None)
    for tag in body.changes.add_tags:
        local.models.tag(caller, full_name, tag.key, tag.value)
    return {}


@router.patch("/subentity-tags/{securable_type}/{full_name}/{version}")
def tag_version(
    securable_type: str, full_name: str, version: str, body: UpdateTags, caller: CurrentCaller, local: Local
) -> Document:
    """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED, NOT_IMPLEMENTED."""
    _refuse_others(securable_type)
    if not version.isdecimal():
        raise InvalidParameter(f"'{version}' is no version of model '{full_name}': a version is a number.")
    for key in body.changes.remove:
        local.models.tag_version(caller, full_name, int(version), key, None)
    for tag in body.changes.add_tags:
        local.models.tag_version(caller, full_name, int(version), tag.key, tag.value)
    return {}


def _refuse_others(securable_type: str) -> None:
    if securable_type.upper() != "FUNCTION":
        raise NotEmulated(f"tags of securables of type {securable_type} by this API; models (FUNCTION) have them")


def _version(document: Document, local: LocalState) -> Document:
    location = local.models.location(document["full_name"], document["version"])
    shown = version_info(document, local.account.metastore_id, aliases=False)
    return {**shown, "storage_location": location}
