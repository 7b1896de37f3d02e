"""Securables of Unity Catalog: create, read, refuse, update, delete; privileges in effect.

Source: docs.databricks.com/api/workspace/catalogs, /schemas, /volumes, /grants, /registeredmodels;
docs.databricks.com/data-governance/unity-catalog/manage-privileges/privileges
"""

from typing import Any

import pytest
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType

EXISTS = (AlreadyExists, ResourceAlreadyExists, ResourceConflict, BadRequest)
MISSING = (NotFound, ResourceDoesNotExist)
NO_ACCESS = (PermissionDenied, *MISSING)


def grant(target: Any, kind: str, name: str, *privileges: Privilege) -> None:
    target.client.grants.update(
        kind, name, changes=[PermissionsChange(add=list(privileges), principal=target.principal)]
    )


def test_a_catalog_is_made_read_changed_and_removed(target: Any, seen: Any, cleanup: Any) -> None:
    name = target.name("catalog")
    made = seen.answer("create", lambda: target.client.catalogs.create(name, comment="one"))
    cleanup(target.client.catalogs.delete, name, force=True)
    assert made.owner == target.client.current_user.me().user_name
    assert seen.answer("get", lambda: target.client.catalogs.get(name)).comment == "one"
    seen.refusal("create again", lambda: target.client.catalogs.create(name), *EXISTS)
    assert seen.answer("update", lambda: target.client.catalogs.update(name, comment="two")).comment == "two"
    target.client.schemas.create("kept", name)
    seen.refusal("delete with a schema in it", lambda: target.client.catalogs.delete(name), BadRequest)
    seen.answer("bindings", lambda: list(target.client.workspace_bindings.get_bindings("catalog", name)))


def test_a_name_is_kept_in_lower_case(target: Any, catalog: str, seen: Any) -> None:
    name = target.name("MIXED").replace("conf", "Conf")
    made = seen.answer("create", lambda: target.client.schemas.create(name, catalog))
    assert made.name == name.lower()
    assert target.client.schemas.get(f"{catalog}.{name}").name == name.lower()


def test_a_schema_is_made_read_changed_and_removed(target: Any, catalog: str, schema: str, seen: Any) -> None:
    seen.refusal("create again", lambda: target.client.schemas.create(schema.split(".")[1], catalog), *EXISTS)
    seen.refusal("create in no catalog", lambda: target.client.schemas.create("s", target.name("none")), *MISSING)
    seen.answer("update", lambda: target.client.schemas.update(schema, comment="two"))
    got = seen.answer("get", lambda: target.client.schemas.get(schema))
    assert (got.comment, got.catalog_name) == ("two", catalog)
    target.client.schemas.delete(schema)
    seen.refusal("get", lambda: target.client.schemas.get(schema), *MISSING)


def test_a_volume_holds_its_schema(target: Any, schema: str, seen: Any) -> None:
    catalog, _, name = schema.partition(".")
    made = seen.answer(
        "create", lambda: target.client.volumes.create(catalog, name, "landing", VolumeType.MANAGED, comment="files")
    )
    assert made.full_name == f"{schema}.landing"
    seen.answer("read", lambda: target.client.volumes.read(f"{schema}.landing"))
    seen.refusal("delete the schema", lambda: target.client.schemas.delete(schema), BadRequest)
    target.client.volumes.delete(f"{schema}.landing")
    target.client.schemas.delete(schema)


def test_a_registered_model_is_made_read_changed_and_removed(target: Any, schema: str, seen: Any) -> None:
    catalog, _, name = schema.partition(".")
    seen.answer(
        "create",
        lambda: target.client.registered_models.create(
            catalog_name=catalog, schema_name=name, name="model", comment="one"
        ),
    )
    full_name = f"{schema}.model"
    assert seen.answer("get", lambda: target.client.registered_models.get(full_name)).comment == "one"
    seen.answer("update", lambda: target.client.registered_models.update(full_name, comment="two"))
    seen.refusal(
        "alias to no version", lambda: target.client.registered_models.set_alias(full_name, "champion", 1), *MISSING
    )
    target.client.registered_models.delete(full_name)
    seen.refusal("get", lambda: target.client.registered_models.get(full_name), *MISSING)


def test_without_use_catalog_and_use_schema_nothing_below_is_reached(target: Any, schema: str, seen: Any) -> None:
    catalog, _, name = schema.partition(".")
    target.client.volumes.create(catalog, name, "v", VolumeType.MANAGED)
    volume = f"{schema}.v"
    seen.refusal("nothing granted", lambda: target.other.volumes.read(volume), *NO_ACCESS)
    grant(target, "volume", volume, Privilege.READ_VOLUME)
    path = f"/Volumes/{catalog}/{name}/v"
    seen.refusal("the volume alone", lambda: list(target.other.files.list_directory_contents(path)), *NO_ACCESS)
    grant(target, "catalog", catalog, Privilege.USE_CATALOG)
    seen.refusal("no schema", lambda: list(target.other.files.list_directory_contents(path)), *NO_ACCESS)
    grant(target, "schema", schema, Privilege.USE_SCHEMA)
    assert list(target.other.files.list_directory_contents(path)) == []
    seen.refusal("write", lambda: target.other.files.create_directory(f"{path}/folder"), *NO_ACCESS)


def test_a_grant_on_the_catalog_reaches_what_is_in_it(target: Any, schema: str, seen: Any) -> None:
    catalog = schema.partition(".")[0]
    grant(target, "catalog", catalog, Privilege.USE_CATALOG, Privilege.USE_SCHEMA, Privilege.CREATE_TABLE)
    found = seen.answer(
        "effective", lambda: target.client.grants.get_effective("schema", schema, principal=target.principal)
    )
    held = {
        one.privilege: one.inherited_from_name
        for assignment in found.privilege_assignments or []
        for one in assignment.privileges or []
    }
    assert held[Privilege.USE_SCHEMA] == catalog
    direct = target.client.grants.get("schema", schema)
    assert target.principal not in {one.principal for one in direct.privilege_assignments or []}


@pytest.mark.parametrize(
    ("kind", "privilege"),
    [("catalog", Privilege.READ_FILES), ("volume", Privilege.SELECT), ("schema", Privilege.CREATE_SCHEMA)],
)
def test_a_privilege_that_does_not_fit_its_securable_is_refused(
    target: Any, schema: str, kind: str, privilege: Privilege, seen: Any
) -> None:
    catalog, _, name = schema.partition(".")
    target.client.volumes.create(catalog, name, "v", VolumeType.MANAGED)
    full_name = {"catalog": catalog, "schema": schema, "volume": f"{schema}.v"}[kind]
    seen.refusal("grant", lambda: grant(target, kind, full_name, privilege), BadRequest, InvalidParameterValue)


def test_a_grant_to_nobody_known_is_refused(target: Any, schema: str, seen: Any) -> None:
    changes = [PermissionsChange(add=[Privilege.USE_SCHEMA], principal=target.name("nobody"))]
    seen.refusal("grant", lambda: target.client.grants.update("schema", schema, changes=changes), BadRequest, *MISSING)


def test_who_owns_a_schema_may_grant_on_it_and_who_does_not_may_not(target: Any, schema: str, seen: Any) -> None:
    catalog = schema.partition(".")[0]
    grant(target, "catalog", catalog, Privilege.USE_CATALOG)
    changes = [PermissionsChange(add=[Privilege.USE_SCHEMA], principal="account users")]
    seen.refusal("grant", lambda: target.other.grants.update("schema", schema, changes=changes), *NO_ACCESS)
    target.client.schemas.update(schema, owner=target.principal)
    seen.answer("grant as owner", lambda: target.other.grants.update("schema", schema, changes=changes))
