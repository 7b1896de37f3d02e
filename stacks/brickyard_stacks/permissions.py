"""Who may do what, by role and stage: the permission matrix, as data, in this one place.

`local` stands with `dev`: people write. In `staging` and `prod` they read, and only service principals write.
Nobody holds ALL_PRIVILEGES, and no role is "all users".

Source: docs.databricks.com/aws/en/machine-learning/mlops/mlops-workflow (who reads and writes where);
docs.databricks.com/aws/en/data-governance/unity-catalog/manage-privileges/privileges (the privileges)
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from brickyard_stacks.settings import Stage

Group: TypeAlias = Literal["data_scientists", "ml_engineers", "approvers", "consumers"]
Principal: TypeAlias = Literal["run_as", "plan", "ci"]
Applier: TypeAlias = Literal["platform", "deployer"]
Role: TypeAlias = Group | Principal | Applier
Privileges: TypeAlias = Mapping[Role, tuple[str, ...]]
Levels: TypeAlias = Mapping[Role, str]

_USE = ("USE_CATALOG", "USE_SCHEMA")
_READ = (*_USE, "SELECT", "EXECUTE", "READ_VOLUME")
_CREATE = ("CREATE_FUNCTION", "CREATE_MODEL", "CREATE_SCHEMA", "CREATE_TABLE", "CREATE_VOLUME")
_WRITE = (*_READ, "MODIFY", "WRITE_VOLUME", *_CREATE)
# What reading every object's settings takes, and no data: a plan refreshes, it does not query.
_PLAN = (*_USE, "BROWSE", "EXECUTE")
_WRITE_TABLES = ("CREATE_TABLE", "MODIFY", "SELECT", "USE_SCHEMA")
# What a project's deployer makes in a schema, and grants there. A monitor takes MANAGE and SELECT on its table, which a
# job made; a model is its run_as's before its grants are written.
_DEPLOY_TABLES = ("CREATE_TABLE", "CREATE_VOLUME", "MANAGE", "SELECT", "USE_SCHEMA")
_DEPLOY_MODELS = ("CREATE_MODEL", "EXECUTE", "MANAGE", "USE_SCHEMA")


def _people_write(stage: Stage) -> bool:
    return stage in ("local", "dev")


def catalog_privileges(stage: Stage) -> Privileges:
    """On the environment's catalog; privileges are inherited by everything in it."""
    people = _WRITE if _people_write(stage) else _READ
    matrix: dict[Role, tuple[str, ...]] = {
        "data_scientists": people,
        "ml_engineers": people,
        "approvers": _USE,
        "run_as": ("USE_CATALOG",),
        "plan": _PLAN,
        "platform": _USE,  # its MANAGE, which every set holds, does not imply any use
        "deployer": _USE,
    }
    if stage == "staging":  # the pull request's pipeline tries a release there, and nowhere else
        matrix["ci"] = tuple(p for p in _WRITE if p != "CREATE_SCHEMA")
    return matrix


def schema_privileges(schema: str) -> Privileges:
    """On one schema: what jobs need beyond the catalog's, for the principal they run as."""
    if schema == "models":
        return {"run_as": ("CREATE_MODEL", "EXECUTE", "USE_SCHEMA"), "deployer": _DEPLOY_MODELS}
    return {"run_as": _WRITE_TABLES, "deployer": _DEPLOY_TABLES}


def landing_privileges() -> Privileges:
    """On the volume where data lands."""
    return {"run_as": ("READ_VOLUME", "WRITE_VOLUME")}


def artifacts_privileges() -> Privileges:
    """On the volume of wheels: only Terraform writes there."""
    return {"run_as": ("READ_VOLUME",), "plan": ("READ_VOLUME",), "deployer": ("READ_VOLUME", "WRITE_VOLUME")}


def model_privileges() -> Privileges:
    """On a registered model, which `run_as` owns. Approving a version sets a tag."""
    return {
        "data_scientists": ("EXECUTE",),
        "ml_engineers": ("EXECUTE",),
        "approvers": ("APPLY_TAG", "EXECUTE"),
        "plan": ("EXECUTE",),
        "deployer": ("EXECUTE",),  # an endpoint reads its model with the rights of who made the endpoint
    }


def copier_privileges(securable: str) -> Privileges:
    """On the way to a model that the next environment's job copies up: its `run_as` reads it, and nothing else."""
    return {"run_as": {"catalog": ("USE_CATALOG",), "schema": ("USE_SCHEMA",), "model": ("EXECUTE",)}[securable]}


def job_levels(stage: Stage) -> Levels:
    """On a project's job. What retrains, and tasks that run a job, start it as `run_as`."""
    return {
        "data_scientists": "CAN_MANAGE_RUN" if _people_write(stage) else "CAN_VIEW",
        "ml_engineers": "CAN_MANAGE_RUN",
        "approvers": "CAN_VIEW",
        "run_as": "CAN_MANAGE_RUN",
        "plan": "CAN_VIEW",
        "deployer": "IS_OWNER",  # named, as everywhere: whoever else plans would see it as a change
    }


def deployment_job_levels(stage: Stage) -> Levels:
    """On the job that a new version of a model starts: who approves repairs its run, and it starts as the owner.

    Source: docs.databricks.com/aws/en/mlflow/deployment-job (permissions)
    """
    return {**job_levels(stage), "approvers": "CAN_MANAGE_RUN", "run_as": "CAN_MANAGE_RUN"}


def experiment_levels(stage: Stage) -> Levels:
    """On a project's experiment; the job writes its runs as `run_as`."""
    people = "CAN_EDIT" if _people_write(stage) else "CAN_READ"
    return {
        "data_scientists": people,
        "ml_engineers": people,
        "approvers": "CAN_READ",
        "run_as": "CAN_EDIT",
        "plan": "CAN_READ",
        "deployer": "CAN_MANAGE",
    }


def endpoint_levels(stage: Stage) -> Levels:
    """On a project's endpoint. The job's `deploy` task moves versions and traffic, as `run_as`."""
    return {
        "data_scientists": "CAN_QUERY" if _people_write(stage) else "CAN_VIEW",
        "ml_engineers": "CAN_QUERY" if _people_write(stage) else "CAN_VIEW",
        "approvers": "CAN_VIEW",
        "consumers": "CAN_QUERY",
        "run_as": "CAN_MANAGE",
        "plan": "CAN_VIEW",
        "deployer": "CAN_MANAGE",
    }


def location_privileges() -> Privileges:
    """On an external location: managed data are reached through their catalog, so that nobody needs the files."""
    return {"platform": ("BROWSE", "CREATE_MANAGED_STORAGE"), "plan": ("BROWSE",)}


def credential_privileges() -> Privileges:
    """On a storage credential."""
    return {"platform": ("CREATE_EXTERNAL_LOCATION",)}


def table_privileges() -> Privileges:
    """On a table that Terraform makes and jobs fill; people read and write by the catalog's."""
    return {"run_as": ("MODIFY", "SELECT")}


def sandbox_privileges() -> Privileges:
    """On the schema of a sandbox: its jobs do there what they do in every schema of the environment."""
    return {
        "run_as": ("CREATE_MODEL", "CREATE_TABLE", "EXECUTE", "MODIFY", "SELECT", "USE_SCHEMA"),
        "plan": ("USE_SCHEMA",),
        "deployer": ("SELECT",),  # owning the schema gives no data of the tables that jobs make in it
    }


def sandbox_artifacts_privileges() -> Privileges:
    """On a sandbox's own volume of wheels: whoever looks after the platform removes what is over, the files as well."""
    return {**artifacts_privileges(), "platform": ("READ_VOLUME", "WRITE_VOLUME")}


def volume_privileges() -> Privileges:
    """On a volume of a project."""
    return {"run_as": ("READ_VOLUME", "WRITE_VOLUME")}


def policy_levels(stage: Stage, policy: str) -> Levels:
    """On a cluster policy. Those of jobs start clusters of jobs only, so that a plan may look them up."""
    people: Levels = {"data_scientists": "CAN_USE", "ml_engineers": "CAN_USE"} if _people_write(stage) else {}
    if policy in ("job", "gpu"):
        return {**people, "run_as": "CAN_USE", "plan": "CAN_USE", "deployer": "CAN_USE"}
    return people or {"ml_engineers": "CAN_USE"}


def pool_levels() -> Levels:
    """On an instance pool."""
    return {"run_as": "CAN_ATTACH_TO", "plan": "CAN_ATTACH_TO", "deployer": "CAN_ATTACH_TO", "platform": "CAN_MANAGE"}


def warehouse_levels(stage: Stage) -> Levels:
    """On a SQL warehouse: no compute for people who only read, but for those who look after it."""
    people: Levels = {"data_scientists": "CAN_USE"} if _people_write(stage) else {}
    machines: Levels = {"run_as": "CAN_USE", "plan": "CAN_VIEW", "deployer": "CAN_USE", "platform": "IS_OWNER"}
    return {**people, "ml_engineers": "CAN_USE", **machines}


def online_store_levels(stage: Stage) -> Levels:
    """On a database instance: who makes synced tables in it, and as whom endpoints that read them are made.

    Where people write, they make endpoints of their sandboxes. Which rows somebody reads, the tables' privileges say.
    """
    people: Levels = {"data_scientists": "CAN_USE", "ml_engineers": "CAN_USE"} if _people_write(stage) else {}
    return {**people, "run_as": "CAN_USE", "plan": "CAN_USE", "deployer": "CAN_USE", "platform": "CAN_MANAGE"}


def file_levels() -> Levels:
    """On a notebook or file that a job runs: who may edit it runs code as the job's principal."""
    people: Levels = {"data_scientists": "CAN_READ", "ml_engineers": "CAN_READ"}
    return {**people, "run_as": "CAN_RUN", "plan": "CAN_READ", "deployer": "CAN_MANAGE"}


def folder_levels() -> Levels:
    """On the folder of experiments and files; people reach what lies in it by its own permissions."""
    return {"plan": "CAN_READ", "deployer": "CAN_MANAGE", "platform": "CAN_MANAGE"}


def alert_levels(stage: Stage) -> Levels:
    """On a SQL alert."""
    people = "CAN_RUN" if _people_write(stage) else "CAN_READ"
    readers: Levels = {"data_scientists": people, "ml_engineers": people, "approvers": "CAN_READ"}
    return {**readers, "plan": "CAN_READ", "deployer": "CAN_MANAGE"}


def dashboard_levels() -> Levels:
    """On a dashboard, which shows only what its reader may query."""
    readers: Levels = {"data_scientists": "CAN_READ", "ml_engineers": "CAN_RUN", "approvers": "CAN_READ"}
    return {**readers, "plan": "CAN_READ", "deployer": "CAN_MANAGE"}


def run_as_roles(stage: Stage) -> Levels:
    """On the service principal that jobs run as: who makes such a job needs `user`; a manager is no user.

    Where people write, they deploy sandboxes.
    """
    people: Levels = {"data_scientists": "user", "ml_engineers": "user"} if _people_write(stage) else {}
    return {**people, "deployer": "user", "platform": "manager"}
