"""Storage credentials, external locations, and what lies in them, driven by the unmodified databricks-sdk."""

import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied
from databricks.sdk.errors.platform import InvalidParameterValue
from databricks.sdk.errors.platform import NotImplemented as NotEmulated
from databricks.sdk.service.catalog import (
    AwsIamRoleRequest,
    AzureServicePrincipal,
    ColumnInfo,
    ColumnTypeName,
    DatabricksGcpServiceAccountRequest,
    DataSourceFormat,
    IsolationMode,
    PathOperation,
    PermissionsChange,
    Privilege,
    TableOperation,
    TableType,
    ValidationResultResult,
    VolumeType,
)

from brickyard_local.pytest_plugin import LocalWorkspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Lake:
    """A credential, an external location `s3://<name>/lake` and a catalog, all of the administrator."""

    client: WorkspaceClient
    name: str

    @property
    def url(self) -> str:
        return f"s3://{self.name}/lake"

    def table(self, name: str, path: str, client: WorkspaceClient | None = None) -> Any:
        columns = [ColumnInfo(name="a", type_name=ColumnTypeName.LONG, type_text="bigint", position=0)]
        return (client or self.client).tables.create(
            name,
            self.name,
            "default",
            TableType.EXTERNAL,
            DataSourceFormat.DELTA,
            f"{self.url}/{path}",
            columns=columns,
        )

    def volume(self, name: str, path: str, client: WorkspaceClient | None = None) -> Any:
        return (client or self.client).volumes.create(
            self.name, "default", name, VolumeType.EXTERNAL, storage_location=f"{self.url}/{path}"
        )

    def grant(self, principal: str, kind: str, name: str, *privileges: Privilege) -> None:
        self.client.grants.update(kind, name, changes=[PermissionsChange(principal=principal, add=list(privileges))])

    def open_catalog(self, principal: str, *more: Privilege) -> None:
        self.grant(principal, "catalog", self.name, Privilege.USE_CATALOG, Privilege.USE_SCHEMA, *more)


@pytest.fixture
def lake(client: WorkspaceClient) -> Lake:
    made = Lake(client=client, name=f"lake{secrets.token_hex(4)}")
    client.storage_credentials.create(made.name, aws_iam_role=AwsIamRoleRequest(role_arn="arn:aws:iam::1:role/r"))
    client.external_locations.create(made.name, f"{made.url}/", made.name)
    client.catalogs.create(made.name)
    return made


def test_a_credential_is_recorded_without_its_secret(client: WorkspaceClient, local_workspace: LocalWorkspace) -> None:
    name = f"cred{secrets.token_hex(4)}"
    secret = f"s3cr3t-{secrets.token_hex(8)}"
    made = client.storage_credentials.create(
        name, azure_service_principal=AzureServicePrincipal("d", "a", secret), comment="c", read_only=True
    )
    assert (made.name, made.comment, made.read_only) == (name, "c", True)
    read = client.storage_credentials.get(name)
    assert read.id == made.id
    assert read.azure_service_principal is not None
    assert (read.azure_service_principal.directory_id, read.azure_service_principal.application_id) == ("d", "a")
    kept = b"".join(file.read_bytes() for file in local_workspace.home.root.glob("account.db*"))
    assert secret.encode() not in kept
    client.storage_credentials.update(
        name, aws_iam_role=AwsIamRoleRequest(role_arn="arn:x"), new_name=f"{name}b", comment="d"
    )
    renamed = client.storage_credentials.get(f"{name}b")
    assert (renamed.azure_service_principal, renamed.comment) == (None, "d")
    assert renamed.aws_iam_role is not None
    assert renamed.aws_iam_role.role_arn == "arn:x"
    client.storage_credentials.delete(f"{name}b")
    with pytest.raises(NotFound) as error:
        client.storage_credentials.get(name)
    assert error.value.error_code == "STORAGE_CREDENTIAL_DOES_NOT_EXIST"


def test_a_role_is_told_whom_it_is_to_trust_and_clients_do_not_choose_it(client: WorkspaceClient) -> None:
    name = f"cred{secrets.token_hex(4)}"
    made = client.storage_credentials.create(name, aws_iam_role=AwsIamRoleRequest(role_arn="arn:aws:iam::1:role/r"))
    assert made.aws_iam_role is not None
    assert made.aws_iam_role.external_id
    assert ":role/unity-catalog-prod-UCMasterRole-" in (made.aws_iam_role.unity_catalog_iam_arn or "")
    body = {"aws_iam_role": {"role_arn": "arn:aws:iam::1:role/s", "external_id": "mine"}}
    client.api_client.do("PATCH", f"/api/2.1/unity-catalog/storage-credentials/{name}", body=body)
    changed = client.storage_credentials.get(name).aws_iam_role
    assert changed is not None
    assert (changed.role_arn, changed.external_id) == ("arn:aws:iam::1:role/s", made.aws_iam_role.external_id)
    client.storage_credentials.delete(name)


def test_a_credential_has_exactly_one_kind(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="given: none"):
        client.storage_credentials.create("none")
    with pytest.raises(NotEmulated, match="databricks_gcp_service_account"):
        client.storage_credentials.create("gcp", databricks_gcp_service_account=DatabricksGcpServiceAccountRequest())


def test_validation_says_that_nothing_was_tried(lake: Lake) -> None:
    answer = lake.client.storage_credentials.validate(storage_credential_name=lake.name, url=f"{lake.url}/x")
    results = answer.results or []
    assert len(results) == 5
    assert {each.result for each in results} == {ValidationResultResult.SKIP}
    with pytest.raises(NotFound):
        lake.client.storage_credentials.validate(storage_credential_name=lake.name, external_location_name="nowhere")


def test_a_location_needs_the_privilege_on_the_metastore_and_on_the_credential(lake: Lake, new_robot: Any) -> None:
    robot = new_robot()
    client, me = robot.client(), robot.application_id
    metastore = str(lake.client.metastores.current().metastore_id)

    def create() -> Any:
        return client.external_locations.create(f"{lake.name}2", f"s3://{lake.name}/other", lake.name)

    with pytest.raises(PermissionDenied, match="CREATE EXTERNAL LOCATION on Storage Credential"):
        create()
    lake.grant(me, "storage_credential", lake.name, Privilege.CREATE_EXTERNAL_LOCATION)
    with pytest.raises(PermissionDenied, match="CREATE EXTERNAL LOCATION on Metastore"):
        create()
    lake.grant(me, "metastore", metastore, Privilege.CREATE_EXTERNAL_LOCATION)
    assert create().owner == me
    assert [each.name for each in client.external_locations.list()] == [f"{lake.name}2"]


@pytest.mark.parametrize("path", ["lake", "lake/below", ""])
def test_locations_do_not_overlap(lake: Lake, path: str) -> None:
    with pytest.raises(InvalidParameterValue, match="LOCATION_OVERLAP"):
        lake.client.external_locations.create(f"{lake.name}b", f"s3a://{lake.name}/{path}", lake.name)


@pytest.mark.parametrize(
    "url", ["file:///etc", "s3://b/../../x", "s3://b/a/%2e%2e/x", "s3://b//x", "http://x/y", "s3://", "s3://../x"]
)
def test_urls_that_could_lead_elsewhere_are_refused(lake: Lake, url: str) -> None:
    with pytest.raises(InvalidParameterValue):
        lake.client.external_locations.create(f"{lake.name}c", url, lake.name)


def test_what_is_used_is_not_deleted_and_names_follow(lake: Lake) -> None:
    with pytest.raises(BadRequest, match="is used by external locations"):
        lake.client.storage_credentials.delete(lake.name)
    lake.client.storage_credentials.update(lake.name, new_name=f"{lake.name}n")
    assert lake.client.external_locations.get(lake.name).credential_name == f"{lake.name}n"
    lake.volume("v", "v")
    with pytest.raises(BadRequest, match=f"{lake.name}.default.v"):
        lake.client.external_locations.delete(lake.name)
    with pytest.raises(BadRequest, match=f"{lake.name}.default.v"):
        lake.client.external_locations.update(lake.name, url=f"s3://{lake.name}/moved")
    lake.client.external_locations.delete(lake.name, force=True)


def test_an_isolated_location_is_of_its_workspaces_only(lake: Lake, local_workspace: LocalWorkspace) -> None:
    other = local_workspace.client(workspace="other")
    assert other.external_locations.get(lake.name).name == lake.name
    lake.client.external_locations.update(lake.name, isolation_mode=IsolationMode.ISOLATION_MODE_ISOLATED)
    bindings = list(lake.client.workspace_bindings.get_bindings("external_location", lake.name))
    assert [each.workspace_id for each in bindings] == [lake.client.get_workspace_id()]
    with pytest.raises(PermissionDenied, match="is not accessible in current workspace"):
        other.external_locations.get(lake.name)
    assert lake.name not in [each.name for each in other.external_locations.list()]


def test_file_events_are_refused_not_ignored(lake: Lake) -> None:
    with pytest.raises(NotEmulated, match="enable_file_events"):
        lake.client.external_locations.update(lake.name, enable_file_events=True)


def test_files_of_an_external_volume_lie_in_its_location_and_outlive_it(
    lake: Lake, local_workspace: LocalWorkspace, new_robot: Any
) -> None:
    robot = new_robot()
    lake.open_catalog(robot.application_id, Privilege.CREATE_VOLUME)
    with pytest.raises(PermissionDenied, match="CREATE EXTERNAL VOLUME on External Location"):
        lake.volume("v", "raw/v", robot.client())
    lake.grant(robot.application_id, "external_location", lake.name, Privilege.CREATE_EXTERNAL_VOLUME)
    made = lake.volume("v", "raw/v", robot.client())
    assert (made.storage_location, made.volume_type) == (f"{lake.url}/raw/v", VolumeType.EXTERNAL)
    robot.client().files.upload(f"/Volumes/{lake.name}/default/v/a.txt", io.BytesIO(b"a"))
    file = local_workspace.home.root / "external/s3" / lake.name / "lake/raw/v/a.txt"
    assert file.read_bytes() == b"a"
    engines = local_workspace.home.files / "Volumes" / lake.name / "default"
    assert (engines / "v/a.txt").read_bytes() == b"a"
    lake.client.schemas.update(f"{lake.name}.default", new_name="renamed")
    assert (engines.parent / "renamed/v/a.txt").read_bytes() == b"a"
    lake.client.volumes.delete(f"{lake.name}.renamed.v")
    assert not (engines.parent / "renamed/v").is_symlink()
    assert file.read_bytes() == b"a"


def test_tables_and_volumes_do_not_overlap_and_need_a_location(lake: Lake) -> None:
    lake.volume("v", "v")
    lake.table("t", "t")
    for path in ("v", "v/below", "t/below", ""):
        with pytest.raises(InvalidParameterValue, match="LOCATION_OVERLAP"):
            lake.table("u", path)
    with pytest.raises(NotFound, match="No parent external location") as error:
        lake.client.volumes.create(
            lake.name, "default", "w", VolumeType.EXTERNAL, storage_location=f"s3://{lake.name}/lakeside"
        )
    assert error.value.error_code == "EXTERNAL_LOCATION_DOES_NOT_EXIST"


def test_an_external_table_shows_its_url_and_engines_its_folder(
    lake: Lake, local_workspace: LocalWorkspace, new_robot: Any
) -> None:
    made = lake.table("t", "tables/t")
    assert (made.table_type, made.storage_location) == (TableType.EXTERNAL, f"{lake.url}/tables/t")
    credentials = lake.client.temporary_table_credentials
    answer = credentials.generate_temporary_table_credentials(table_id=made.table_id, operation=TableOperation.READ)
    assert answer.url == (local_workspace.home.root / "external/s3" / lake.name / "lake/tables/t").as_uri()
    with pytest.raises(PermissionDenied):
        new_robot().client().temporary_table_credentials.generate_temporary_table_credentials(
            table_id=made.table_id, operation=TableOperation.READ
        )
    lake.client.external_locations.update(lake.name, read_only=True)
    credentials.generate_temporary_table_credentials(table_id=made.table_id, operation=TableOperation.READ)
    with pytest.raises(PermissionDenied, match="is read-only"):
        credentials.generate_temporary_table_credentials(table_id=made.table_id, operation=TableOperation.READ_WRITE)


def test_managed_storage_needs_a_privilege_and_keeps_others_out(lake: Lake, new_robot: Any) -> None:
    robot = new_robot()
    lake.open_catalog(robot.application_id, Privilege.CREATE_SCHEMA)
    with pytest.raises(PermissionDenied, match="CREATE MANAGED STORAGE"):
        robot.client().schemas.create("s", lake.name, storage_root=f"{lake.url}/managed")
    lake.grant(robot.application_id, "external_location", lake.name, Privilege.CREATE_MANAGED_STORAGE)
    made = robot.client().schemas.create("s", lake.name, storage_root=f"{lake.url}/managed/")
    assert made.storage_root == f"{lake.url}/managed/"
    assert str(made.storage_location).startswith(f"{lake.url}/managed/__unitystorage/schemas/")
    with pytest.raises(InvalidParameterValue, match="managed storage of Schema"):
        lake.volume("v", "managed/__unitystorage")
    catalog = lake.client.catalogs.create(f"{lake.name}m", storage_root=f"{lake.url}/managed")
    assert lake.client.catalogs.get(f"{lake.name}m").storage_location == catalog.storage_location


def test_paths_ask_the_rights_of_what_lies_there(lake: Lake, new_robot: Any, local_workspace: LocalWorkspace) -> None:
    robot = new_robot()
    me, client = robot.application_id, robot.client()
    lake.open_catalog(me)
    lake.volume("v", "v")
    lake.table("t", "t")

    def ask(url: str, operation: PathOperation = PathOperation.PATH_READ) -> str | None:
        return client.temporary_path_credentials.generate_temporary_path_credentials(url, operation).url

    paths: list[tuple[str, str, str, Privilege]] = [
        (f"{lake.url}/v/a.csv", "volume", f"{lake.name}.default.v", Privilege.READ_VOLUME),
        (f"/Volumes/{lake.name}/default/v/a.csv", "volume", f"{lake.name}.default.v", Privilege.READ_VOLUME),
        (f"{lake.url}/t", "table", f"{lake.name}.default.t", Privilege.SELECT),
        (f"{lake.url}/free/x", "external_location", lake.name, Privilege.READ_FILES),
    ]
    for url, *_ in paths:
        with pytest.raises(PermissionDenied):
            ask(url)
    for url, kind, name, privilege in paths:
        lake.grant(me, kind, name, privilege)
        assert str(ask(url)).startswith(local_workspace.home.root.as_uri())
        with pytest.raises(PermissionDenied):
            ask(url, PathOperation.PATH_READ_WRITE)
    inside: list[Callable[[], object]] = [
        lambda: ask((local_workspace.home.root / "account.db").as_uri()),
        lambda: ask(local_workspace.home.tables.as_uri()),
        lambda: ask(f"file:{local_workspace.home.root}/external/../account.db"),
    ]
    for call in inside:
        with pytest.raises(PermissionDenied, match="closed to paths"):
            call()


def test_no_spelling_of_a_path_goes_around_the_question(
    lake: Lake, new_robot: Any, local_workspace: LocalWorkspace
) -> None:
    """As Hadoop reads paths: `..`, doubled slashes and patterns lead elsewhere than they look."""
    robot, name, root = new_robot(), lake.name, local_workspace.home.root
    for volume in ("open", "closed"):
        lake.client.volumes.create(name, "default", volume, VolumeType.MANAGED)
    lake.volume("cloud", "open")
    lake.open_catalog(robot.application_id)
    for volume in ("open", "cloud"):
        lake.grant(robot.application_id, "volume", f"{name}.default.{volume}", Privilege.READ_VOLUME)

    def ask(path: str) -> str | None:
        return (
            robot.client()
            .temporary_path_credentials.generate_temporary_path_credentials(path, PathOperation.PATH_READ)
            .url
        )

    for path in (f"/Volumes/{name}/default/open/*.csv", f"{lake.url}/open/[ab].csv", "/elsewhere/x/*.csv"):
        assert ask(path)
    for path in (
        f"///Volumes/{name}/default/closed/f",
        f"/x/../Volumes/{name}/default/closed/f",
        f"/./Volumes/{name}/default/closed/f",
        f"file:///x/%2e%2e/Volumes/{name}/default/closed/f",
        f"/{{Volumes/{name}/default/closed,x}}/f",
        f"/Volumes/{name}/default/open/{{a,../closed}}/f",
        f"/Volumes/{name}/default/open/\\.\\./closed/f",
        f"{lake.url}/open/{{a,../closed}}/f",
        f"{root}/table?/*",
        f"{root.parent}/*/tables/*",
    ):
        with pytest.raises((PermissionDenied, BadRequest)):
            ask(path)
