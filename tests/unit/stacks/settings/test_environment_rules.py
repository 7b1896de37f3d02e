"""Rules between the keys of an environment, each broken once in a shipped example."""

from collections.abc import Callable
from typing import Any

import pytest

from brickyard_stacks.settings import Environment

Load = Callable[[str, dict[str, Any]], Environment]
Told = Callable[..., str]

STORAGE = {"kind": "azure", "url": "abfss://dev@acmeexamplelake.dfs.core.windows.net/catalog/deeper"}
REFERENCE = {"external_location": "other", "credential": {"name": "other"}}
PLATFORM = {
    "deployer": "admin@acme.example",
    "auth": {"type": "azure-cli", "host": "https://adb-1.1.azuredatabricks.net"},
}
ACCOUNT = "00000000-0000-0000-0000-0000000000ac"
CONNECTOR = "/subscriptions/0/resourceGroups/acme/providers/Microsoft.Databricks/accessConnectors/acme"
STORE = {"ownership": "create"}
FEDERATION = {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:acme/ml:environment:dev"}


@pytest.mark.parametrize(
    ("name", "changes", "rule"),
    [
        ("staging", {"deletion_protection": False}, "deletion_protection: may be false for the stages local and dev"),
        ("prod", {"state": {"backend": "local", "path": "x"}}, "state.backend: s3 or azurerm for the stage prod"),
        ("dev", {"region": "eu-west-1"}, "region: a region of azure is written like westeurope; got 'eu-west-1'"),
        ("staging", {"region": "westeurope"}, "region: a region of aws is written like us-east-1"),
        ("dev", {"cloud": "aws", "region": "us-east-1"}, "workspace.auth.type: azure-cli signs in to Azure"),
        ("dev", {"cloud": "local"}, "cloud: stage and cloud are both local, or neither is; got 'local'"),
        (
            "staging",
            {"workspace.auth.host": "https://adb-1.1.azuredatabricks.net"},
            "workspace.auth.host: is an address of azure; the environment's cloud is aws",
        ),
        (
            "prod",
            {"account.auth.host": "https://accounts.cloud.databricks.com"},
            "account.auth.host: is an address of aws; the environment's cloud is azure",
        ),
        (
            "prod",
            {"account.auth.host": "https://adb-1.1.azuredatabricks.net"},
            "account.auth.host: the account's own address, such as",
        ),
        ("dev", {"groups.approvers.ownership": "create"}, "groups.approvers.ownership: without the block account"),
        (
            "prod",
            {"groups.approvers": {"name": "a", "ownership": "adopt"}},
            "groups.approvers.import_id: required with ownership: adopt, since the name is not the id",
        ),
        (
            "prod",
            {"storage.lake.credential": {"ownership": "create", "access_connector_id": CONNECTOR}},
            "storage.lake.credential.ownership: reference: signed in by azure-devops-oidc (platform.auth)",
        ),
        (
            "dev",
            {"workspace.auth": {"type": "oauth-m2m", "host": "https://adb-1.1.azuredatabricks.net", "client_id": "a"}},
            "storage.lake.credential.ownership: reference: signed in by oauth-m2m (workspace.auth) nobody can make",
        ),
        (
            "prod",
            {"platform.auth.host": "https://adb-1.1.azuredatabricks.net"},
            "platform.auth.host: is another workspace than workspace.auth.host",
        ),
        ("prod", {"platform.auth.client_id": "other"}, "platform.auth.client_id: is not the deployer beside it"),
        (
            "dev",
            {"platform": PLATFORM | {"deployer": "00000000-0000-0000-0000-00000000d000"}},
            "platform.deployer: is the deployer already",
        ),
        ("local", {"deployers": {"a": PLATFORM}}, "deployers.a.auth.type: the stage local signs in with type profile"),
        (
            "dev",
            {"deployers": {"a": PLATFORM | {"deployer": "00000000-0000-0000-0000-00000000d000"}}},
            "deployers.a.deployer: is deployer's already: name another principal",
        ),
        (
            "dev",
            {
                "deployers": {
                    "a": {"deployer": "x", "auth": PLATFORM["auth"] | {"host": "https://adb-7.7.azuredatabricks.net"}}
                }
            },
            "deployers.a.auth.host: is another workspace than workspace.auth.host",
        ),
        ("local", {"platform": PLATFORM}, "platform.auth.type: the stage local signs in with type profile"),
        (
            "dev",
            {"service_principals.run_as": {"name": "r", "ownership": "create"}},
            "workspace.account_id: required with service_principals.run_as.ownership: create",
        ),
        ("prod", {"workspace.account_id": ACCOUNT}, "workspace.account_id: account.id says it"),
        ("dev", {"workspace.folder": "/Workspace/Shared/ml"}, "workspace.folder: outside of /Shared: everybody"),
        ("dev", {"groups.approvers.import_id": "1"}, "groups.approvers.import_id: goes with ownership: adopt only"),
        (
            "prod",
            {
                "groups.approvers": {"name": "one", "ownership": "create"},
                "groups.consumers": {"name": "one", "ownership": "create"},
            },
            "groups.consumers.name: a group that we make or adopt has one role",
        ),
        (
            "dev",
            {"service_principals.plan": {"name": "p", "ownership": "create", "federation": FEDERATION}},
            "service_principals.plan.federation: needs the block account",
        ),
        (
            "prod",
            {"service_principals.ci.federation": FEDERATION},
            "service_principals.ci.federation: only for a service principal that we create or adopt",
        ),
        (
            "dev",
            {"service_principals.plan.application_id": "00000000-0000-0000-0000-00000000d000"},
            "service_principals.plan.application_id: is deployer's already: every role has a principal of its own",
        ),
        (
            "dev",
            {"service_principals.plan.name": "acme-dev-run-as"},
            "service_principals.plan.name: is run_as's already",
        ),
        (
            "dev",
            {"catalog.storage": "lakes"},
            "catalog.storage: must be a block of storage: lake; got 'lakes'; did you",
        ),
        ("dev", {"storage.lake.read_only": True}, "catalog.storage: storage.lake is read_only"),
        ("dev", {"catalog.storage_root": "abfss://x"}, "catalog.storage_root: storage says where the data lies"),
        (
            "prod",
            {"catalog.bindings": [{"workspace_id": 3333333333333333}]},
            "catalog.bindings: are other workspaces: Databricks binds the catalog's own",
        ),
        ("dev", {"catalog.extra_access": {"x": ["use schema"]}}, "a privilege of Unity Catalog, such as USE_SCHEMA"),
        (
            "dev",
            {"catalog.schemas.gold": {"ownership": "reference", "extra_access": {"x": ["SELECT"]}}},
            "catalog.schemas.gold.extra_access: only for what we create or adopt",
        ),
        (
            "dev",
            {"storage.raw": {"kind": "aws", "url": "s3://acme-raw", **REFERENCE}},
            "storage.raw.read_only: must be true: from azure, aws is read only",
        ),
        (
            "staging",
            {"storage.raw": {**STORAGE, **REFERENCE}},
            "storage.raw.kind: must be the environment's cloud, aws; got 'azure'",
        ),
        (
            "dev",
            {"storage.deep": {**STORAGE, **REFERENCE}},
            "storage.deep.url: overlaps storage.lake: no location lies",
        ),
        ("dev", {"storage.lake.credential": {}}, "storage.lake.credential.access_connector_id: required for a"),
        ("dev", {"storage.lake.external_location": "lake"}, "storage.lake.external_location: what we create is called"),
        ("staging", {"storage.raw.external_location": None}, "storage.raw.external_location: required with ownership"),
        ("staging", {"storage.raw.credential": None}, "storage.raw.credential.name: required: the name of the"),
        ("staging", {"storage.raw.cloud_resources": True}, "storage.raw.cloud_resources: may be true with ownership"),
        (
            "staging",
            {"storage.lake.cloud_resources": True},
            "storage.lake.credential.role_arn: cloud_resources makes the role: remove one of the two",
        ),
        (
            "staging",
            {"storage.lake.kind": "azur"},
            "storage.lake.kind: must be one of aws, azure, gcp; got 'azur'; did",
        ),
        ("staging", {"storage.lake.kind": None}, "storage.lake.kind: required, and missing; must be one of aws, azure"),
        ("staging", {"storage.lake.urll": "x"}, "storage.lake.urll: not a key of this place"),
        ("staging", {"storage.Lake": STORAGE}, "storage.Lake: must be lower-case letters, digits and single dashes"),
        ("staging", {"storage.lake": "s3://x"}, "storage.lake: must be keys and values; got 's3://x'"),
        ("dev", {"compute.node_types": None}, "compute.node_types: policies allow what it lists"),
        ("dev", {"compute.gpu_node_types": []}, "compute.gpu_node_types: the policy gpu allows what it lists"),
        (
            "dev",
            {"compute.policies": ["job", "jop"]},
            "must be 'personal', 'job', 'ml' or 'gpu'; got 'jop'; did you mean",
        ),
        ("staging", {"compute.warehouses.shared": {}}, "compute.warehouses.shared.name: required with ownership: ref"),
        ("dev", {"compute.warehouses.shared.min_clusters": 3}, "min_clusters: at most max_clusters, 1; got 3 (int)"),
        (
            "dev",
            {"compute.pools": {"warm": {"node_type": "x", "name": "warm"}}},
            "compute.pools.warm.name: what we create is called acme-dev-…",
        ),
        (
            "dev",
            {"compute.online_stores.features": {}},
            "online_stores.features.name: required with ownership: reference",
        ),
        (
            "dev",
            {"compute.online_stores.features": {"name": "fea_tures"}},
            "online_stores.features.name: must be 1 to 63 letters, digits and dashes; got 'fea_tures'",
        ),
        (
            "dev",
            {"compute.online_stores.features": {**STORE, "name": "features"}},
            "compute.online_stores.features.name: what we create is called acme-dev-…",
        ),
        (
            "dev",
            {"prefix": "p" * 48, "compute.online_stores.a-very-long-one": STORE},
            f"compute.online_stores.a-very-long-one: would be called {'p' * 48}-a-very-long-one, and 63 characters",
        ),
        (
            "dev",
            {"compute.online_stores.features": {**STORE, "readable_secondaries": True}},
            "online_stores.features.readable_secondaries: needs a second node to read from: nodes: 2, or remove this",
        ),
        (
            "dev",
            {"compute.online_stores.features": {**STORE, "nodes": 4}},
            "features.nodes: must be less than or equal",
        ),
        ("dev", {"compute.online_stores.features": {**STORE, "retention_days": 1}}, "retention_days: must be greater"),
        ("dev", {"compute.online_stores.features": {**STORE, "capacity": "CU_3"}}, "capacity: must be 'CU_1', 'CU_2'"),
        ("prod", {"account": None}, "network.egress_policy_id: needs the block account: the account binds it"),
        ("prod", {"workspace.id": None}, "workspace.id: required: network.connectivity_config_id is bound"),
        ("prod", {"network.model_hosts": ["https://h"]}, "network.model_hosts.0: must be a host's name in lower case"),
        ("prod", {"network.package_index.url": "http://x"}, "network.package_index.url: must be https:// and no user"),
        (
            "prod",
            {"network.package_index.url": "https://user:pass@host/simple"},
            "network.package_index.url: must be https:// and no user or token in it",
        ),
        (
            "prod",
            {"secrets.scopes.acme-prod": {"ownership": "reference", "readers": ["run_as"]}},
            "secrets.scopes.acme-prod.readers: who owns the scope decides",
        ),
        ("prod", {"secrets.scopes.acme-prod.readers": ["runas"]}, "'deployer'; got 'runas'; did you mean run_as?"),
        ("prod", {"notifications.on_failure": ["nobody"]}, "on_failure.0: must be an e-mail address"),
        ("dev", {"budget.monthly_usd": 0}, "budget.monthly_usd: must be greater than 0"),
    ],
)
def test_a_broken_rule_names_its_key_and_what_holds(
    environment_with: Load, told: Told, name: str, changes: dict[str, Any], rule: str
) -> None:
    assert rule in told(environment_with, name, changes)


def test_what_the_value_would_follow_from_is_the_only_problem(environment_with: Load, told: Told) -> None:
    """Defaults that follow from the stage are not told to be wrong when the stage is."""
    lines = told(environment_with, "dev", {"stage": "devel"}).splitlines()

    assert len(lines) == 1
    assert "stage: must be 'local', 'dev', 'staging' or 'prod'; got 'devel'; did you mean dev?" in lines[0]


@pytest.mark.parametrize(
    ("name", "stage", "schedules", "protected"),
    [("dev", "dev", "paused", False), ("staging", "staging", "paused", True), ("prod", "prod", "running", True)],
)
def test_a_stage_decides_what_a_file_leaves_out(
    environment_with: Load, name: str, stage: str, schedules: str, *, protected: bool
) -> None:
    environment = environment_with(name, {"prefix": None, "schedules": None})

    assert environment.stage == stage
    assert (environment.schedules, environment.deletion_protection) == (schedules, protected)
    assert environment.prefix == name
    assert environment.provider.version == ">= 1.99.0, < 2.0.0, != 1.114.0"


def test_a_rehearsal_of_prod_on_one_machine_signs_in_by_profile(environment_with: Load) -> None:
    changes = {
        "workspace.auth": {"type": "profile", "profile": "rehearsal"},
        "state": {"backend": "local", "path": "rehearsal/state"},
    }

    assert environment_with("prod", changes).state.backend == "local"


def test_a_credential_may_be_referred_to_by_a_location_that_we_make(environment_with: Load) -> None:
    changes = {"storage.lake.credential": {"name": "theirs", "ownership": "reference"}}

    storage = environment_with("dev", changes).storage["lake"]

    assert (storage.ownership, storage.credential_ownership) == ("create", "reference")


def test_one_group_of_others_may_have_several_roles(environment_with: Load) -> None:
    environment = environment_with("dev", {"groups.ml_engineers.name": "acme-data-scientists"})

    assert environment.groups.ml_engineers.name == environment.groups.data_scientists.name


def test_a_store_that_has_a_name_may_stand_under_a_long_key(environment_with: Load) -> None:
    changes = {"prefix": "p" * 48, "compute.online_stores.a-very-long-one": {**STORE, "name": f"{'p' * 48}-features"}}

    assert environment_with("local", changes).compute.online_stores["a-very-long-one"].ownership == "create"
