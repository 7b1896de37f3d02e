"""Files, the workspace tree, groups, permissions, secrets.

Source: docs.databricks.com/api/workspace/files, /workspace, /groups, /permissions, /secrets
"""

import base64
import io
from typing import Any

import pytest
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.iam import (
    AccessControlRequest,
    ComplexValue,
    Patch,
    PatchOp,
    PatchSchema,
    PermissionLevel,
)
from databricks.sdk.service.jobs import ConditionTask, ConditionTaskOp, Task
from databricks.sdk.service.workspace import AclPermission, ImportFormat, Language

EXISTS = (AlreadyExists, ResourceAlreadyExists, ResourceConflict, BadRequest)
MISSING = (NotFound, ResourceDoesNotExist)


def test_a_file_is_written_read_listed_and_removed(target: Any, schema: str, seen: Any) -> None:
    catalog, _, name = schema.partition(".")
    target.client.volumes.create(catalog, name, "v", VolumeType.MANAGED)
    folder = f"/Volumes/{catalog}/{name}/v/folder"
    path = f"{folder}/file.txt"
    target.client.files.create_directory(folder)
    target.client.files.upload(path, io.BytesIO(b"hello"))
    seen.refusal("upload again", lambda: target.client.files.upload(path, io.BytesIO(b"x"), overwrite=False), *EXISTS)
    target.client.files.upload(path, io.BytesIO(b"hello again"), overwrite=True)
    assert target.client.files.download(path).contents.read() == b"hello again"
    assert seen.answer("metadata", lambda: target.client.files.get_metadata(path)).content_length == 11
    listed = seen.answer("list", lambda: list(target.client.files.list_directory_contents(folder)))
    assert [(one.name, one.file_size, one.is_directory) for one in listed] == [("file.txt", 11, False)]
    seen.refusal("delete a folder with a file", lambda: target.client.files.delete_directory(folder), BadRequest)
    target.client.files.delete(path)
    seen.refusal("download", lambda: target.client.files.download(path), *MISSING)
    seen.refusal(
        "into no volume",
        lambda: target.client.files.upload(f"/Volumes/{catalog}/{name}/no/f", io.BytesIO(b"")),
        *MISSING,
    )


def test_a_notebook_is_imported_exported_and_removed(target: Any, seen: Any, cleanup: Any) -> None:
    folder = f"/Shared/{target.name('folder')}"
    target.client.workspace.mkdirs(folder)
    cleanup(target.client.workspace.delete, folder, recursive=True)
    source = base64.b64encode(b"# Databricks notebook source\nprint(1)\n").decode()
    path = f"{folder}/notebook"
    arguments = {"format": ImportFormat.SOURCE, "language": Language.PYTHON, "content": source}
    target.client.workspace.import_(path, **arguments)
    seen.refusal("import again", lambda: target.client.workspace.import_(path, **arguments), *EXISTS)
    target.client.workspace.import_(path, overwrite=True, **arguments)
    seen.answer("status", lambda: target.client.workspace.get_status(path))
    exported = target.client.workspace.export(path)
    assert b"print(1)" in base64.b64decode(exported.content)
    seen.refusal("delete a full folder", lambda: target.client.workspace.delete(folder), BadRequest)
    seen.refusal("status of nothing", lambda: target.client.workspace.get_status(f"{folder}/none"), *MISSING)


def test_groups_hold_groups_and_principals(target: Any, seen: Any, cleanup: Any) -> None:
    inner = target.client.groups.create(
        display_name=target.name("group"), members=[ComplexValue(value=target.other_principal.id)]
    )
    cleanup(target.client.groups.delete, inner.id)
    outer = target.client.groups.create(display_name=target.name("group"), members=[ComplexValue(value=inner.id)])
    cleanup(target.client.groups.delete, outer.id)
    found = seen.answer("get", lambda: target.client.groups.get(outer.id))
    assert [one.value for one in found.members or []] == [inner.id]
    seen.refusal("the same name", lambda: target.client.groups.create(display_name=outer.display_name), *EXISTS)
    target.client.groups.patch(
        outer.id,
        operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{inner.id}"]')],
        schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
    )
    assert not target.client.groups.get(outer.id).members


def test_a_jobs_permissions_decide_who_may_run_it(target: Any, seen: Any, cleanup: Any) -> None:
    made = target.client.jobs.create(
        name=target.name("job"),
        tasks=[Task(task_key="a", condition_task=ConditionTask(left="1", op=ConditionTaskOp.EQUAL_TO, right="1"))],
    )
    cleanup(target.client.jobs.delete, made.job_id)
    job_id = str(made.job_id)
    seen.refusal("run", lambda: target.other.jobs.run_now(made.job_id), PermissionDenied)

    def allow(level: PermissionLevel) -> Any:
        entry = AccessControlRequest(service_principal_name=target.principal, permission_level=level)
        return target.client.permissions.update("jobs", job_id, access_control_list=[entry])

    seen.answer("allow", lambda: allow(PermissionLevel.CAN_VIEW))
    assert target.other.jobs.get(made.job_id).job_id == made.job_id
    seen.refusal("run with CAN_VIEW", lambda: target.other.jobs.run_now(made.job_id), PermissionDenied)
    allow(PermissionLevel.CAN_MANAGE_RUN)
    target.other.jobs.run_now(made.job_id).result()
    seen.refusal("delete with CAN_MANAGE_RUN", lambda: target.other.jobs.delete(made.job_id), PermissionDenied)
    levels = seen.answer("levels", lambda: target.client.permissions.get_permission_levels("jobs", job_id))
    assert PermissionLevel.CAN_MANAGE_RUN in {one.permission_level for one in levels.permission_levels}
    seen.refusal("a level of another type", lambda: allow(PermissionLevel.CAN_QUERY), BadRequest, InvalidParameterValue)


def test_a_secret_is_read_by_whom_its_scope_allows(target: Any, seen: Any, cleanup: Any) -> None:
    scope = target.name("scope")
    target.client.secrets.create_scope(scope)
    cleanup(target.client.secrets.delete_scope, scope)
    target.client.secrets.put_secret(scope, "key", string_value="value")
    assert base64.b64decode(target.client.secrets.get_secret(scope, "key").value) == b"value"
    seen.refusal("read", lambda: target.other.secrets.get_secret(scope, "key"), PermissionDenied, *MISSING)
    target.client.secrets.put_acl(scope, target.principal, AclPermission.READ)
    assert base64.b64decode(target.other.secrets.get_secret(scope, "key").value) == b"value"
    seen.refusal(
        "write with READ", lambda: target.other.secrets.put_secret(scope, "key", string_value="x"), PermissionDenied
    )
    seen.refusal("the scope again", lambda: target.client.secrets.create_scope(scope), *EXISTS)
    seen.answer("list", lambda: list(target.client.secrets.list_secrets(scope)))


@pytest.mark.parametrize("definition", ['{"a": {"type": "nonsense"}}', "not json"])
def test_a_wrong_cluster_policy_is_refused(target: Any, definition: str, seen: Any) -> None:
    seen.refusal(
        "create",
        lambda: target.client.cluster_policies.create(name=target.name("policy"), definition=definition),
        DatabricksError,
    )


def test_a_cluster_policy_is_made_read_changed_and_removed(target: Any, seen: Any) -> None:
    definition = '{"num_workers": {"type": "range", "maxValue": 2}}'
    made = target.client.cluster_policies.create(name=target.name("policy"), definition=definition)
    got = seen.answer("get", lambda: target.client.cluster_policies.get(made.policy_id))
    assert got.definition == definition
    target.client.cluster_policies.edit(made.policy_id, name=got.name, definition=definition, description="small")
    target.client.cluster_policies.delete(made.policy_id)
    seen.refusal("get", lambda: target.client.cluster_policies.get(made.policy_id), *MISSING, BadRequest)
