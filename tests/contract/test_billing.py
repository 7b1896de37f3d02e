"""Budget policies, by the account's own client; and work of a workspace that names one."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.billing import BudgetPolicy
from databricks.sdk.service.compute import CustomPolicyTag
from databricks.sdk.service.iam import GrantRule, RuleSetUpdateRequest

from brickyard_local.pytest_plugin import LocalWorkspace

TAGS = [CustomPolicyTag(key="team", value="ml")]


@pytest.fixture
def account(local_workspace: LocalWorkspace) -> AccountClient:
    told: Any = local_workspace.client().api_client.do("GET", "/.well-known/databricks-config")
    return AccountClient(host=local_workspace.host, account_id=told["account_id"], token=local_workspace.token)


@pytest.fixture
def policy(account: AccountClient) -> BudgetPolicy:
    named = f"ml {secrets.token_hex(4)}"
    return account.budget_policy.create(policy=BudgetPolicy(policy_name=named, custom_tags=TAGS))


def job(client: WorkspaceClient, policy_id: str | None) -> int:
    task = {"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
    body = {"name": "billed", "tasks": [task], "budget_policy_id": policy_id}
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])


def test_a_policy_is_kept_changed_whole_found_and_removed(account: AccountClient, policy: BudgetPolicy) -> None:
    api, policy_id = account.budget_policy, str(policy.policy_id)
    assert api.get(policy_id) == policy
    assert policy.custom_tags == TAGS

    api.update(policy_id, BudgetPolicy(policy_name=f"{policy.policy_name} 2"))
    changed = api.get(policy_id)
    assert (changed.policy_name, changed.custom_tags or []) == (f"{policy.policy_name} 2", [])
    second = api.create(policy=BudgetPolicy(policy_name=f"a {policy.policy_name}"))
    names = [each.policy_name for each in api.list(page_size=1)]
    assert names == sorted(map(str, names))
    assert {second.policy_name, f"{policy.policy_name} 2"} <= set(names)

    api.delete(policy_id)
    with pytest.raises(NotFound):
        api.get(policy_id)


def test_a_call_that_is_sent_twice_makes_one_policy(account: AccountClient, policy: BudgetPolicy) -> None:
    sent, wanted = secrets.token_hex(8), BudgetPolicy(policy_name=f"{policy.policy_name} once")
    made = account.budget_policy.create(policy=wanted, request_id=sent)
    assert account.budget_policy.create(policy=wanted, request_id=sent) == made


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (BudgetPolicy(), "must be given"),
        (BudgetPolicy(policy_name="databricks:default-policy-2"), "may not begin"),
        (BudgetPolicy(policy_name="\u4e16"), "ISO 8859-1"),
        (BudgetPolicy(policy_name="a", custom_tags=[*TAGS, *TAGS]), "each key once"),
        (BudgetPolicy(policy_name="a", custom_tags=[CustomPolicyTag(key="budget-policy-id")]), "budget-policy-id"),
        (BudgetPolicy(policy_name="a", binding_workspace_ids=[7]), r"\[7\]"),
    ],
)
def test_what_breaks_a_rule_is_refused(account: AccountClient, wrong: BudgetPolicy, said: str) -> None:
    with pytest.raises(InvalidParameterValue, match=said):
        account.budget_policy.create(policy=wrong)


def test_a_name_is_taken_once(account: AccountClient, policy: BudgetPolicy) -> None:
    with pytest.raises(DatabricksError, match="already"):
        account.budget_policy.create(policy=BudgetPolicy(policy_name=policy.policy_name))


def test_who_has_no_role_on_a_policy_bills_nothing_to_it(
    account: AccountClient, policy: BudgetPolicy, new_robot: Callable[[], Any], client: WorkspaceClient
) -> None:
    robot = new_robot()
    own, policy_id = robot.client(), str(policy.policy_id)
    theirs = AccountClient(host=own.config.host, account_id=account.config.account_id, token=robot.token)
    with pytest.raises(PermissionDenied, match=r"roles/budgetPolicy\.user"):
        job(own, policy_id)
    with pytest.raises(PermissionDenied):
        theirs.budget_policy.get(policy_id)
    with pytest.raises(PermissionDenied, match="no administrator"):
        theirs.budget_policy.create(policy=BudgetPolicy(policy_name="mine"))

    name = f"accounts/{account.config.account_id}/budgetPolicies/{policy_id}/ruleSets/default"
    rules = [GrantRule(role="roles/budgetPolicy.user", principals=[f"servicePrincipals/{robot.application_id}"])]
    proxy = client.account_access_control_proxy
    etag = proxy.get_rule_set(name, "").etag
    proxy.update_rule_set(name, RuleSetUpdateRequest(name=name, etag=etag, grant_rules=rules))

    settings = own.jobs.get(job(own, policy_id)).settings
    assert settings is not None
    assert settings.budget_policy_id == policy_id
    with pytest.raises(PermissionDenied, match=r"budgetPolicy\.manager"):
        theirs.budget_policy.delete(policy_id)
    roles = client.api_client.do(
        "GET", "/api/2.0/preview/accounts/access-control/assignable-roles", query={"resource": name.rsplit("/", 2)[0]}
    )
    assert [each["name"] for each in roles["roles"]] == ["roles/budgetPolicy.manager", "roles/budgetPolicy.user"]


def test_work_names_a_policy_that_its_workspace_may_use(
    account: AccountClient, client: WorkspaceClient, local_workspace: LocalWorkspace
) -> None:
    other = local_workspace.client(workspace="other")
    bound = BudgetPolicy(policy_name=secrets.token_hex(4), binding_workspace_ids=[other.get_workspace_id()])
    policy_id = str(account.budget_policy.create(policy=bound).policy_id)
    assert job(other, policy_id)
    for refused in (policy_id, "no-such-policy"):
        with pytest.raises(InvalidParameterValue, match="budget_policy_id"):
            job(client, refused)
        body = {"name": "billed", "budget_policy_id": refused}
        with pytest.raises(InvalidParameterValue, match="budget_policy_id"):
            client.api_client.do("POST", "/api/2.0/serving-endpoints", body=body)
