"""Routes of an account's budget policies. HTTP only; any workspace of the account answers them.

Source: docs.databricks.com/api/account/budgetpolicy
"""

from typing import Any

from fastapi import Depends

from brickyard_local.billing.payloads import BudgetPolicy, CreateBudgetPolicy
from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import NotEmulated
from brickyard_local.paging import page
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, of_this_account

_PAGE, _MOST_PAGE = 100, 1000

router = LazyRouter(
    prefix="/api/2.1/accounts/{account_id}/budget-policies", tags=["billing"], dependencies=[Depends(of_this_account)]
)


@router.post("")
def create(body: CreateBudgetPolicy, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, InvalidParameter, AlreadyExists."""
    return local.budget_policies.create(caller, body)


@router.get("")
def list_policies(
    local: Local,
    caller: CurrentCaller,
    page_size: int | None = None,
    page_token: str | None = None,
    filter_by: str | None = None,
    sort_spec: str | None = None,
) -> dict[str, Any]:
    """In the order of their names. Errors: InvalidParameter, NotEmulated."""
    if filter_by or sort_spec:
        raise NotEmulated("filter_by and sort_spec of a list of budget policies")
    size = min(page_size or _PAGE, _MOST_PAGE)
    found, more = page(local.budget_policies.listed(caller), lambda each: str(each["policy_name"]), size, page_token)
    return {"policies": found, **({"next_page_token": more} if more else {})}


@router.get("/{policy_id}")
def get(policy_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.budget_policies.get(caller, policy_id)


@router.patch("/{policy_id}")
def update(
    policy_id: str, body: BudgetPolicy, local: Local, caller: CurrentCaller, limit_config: str | None = None
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter, AlreadyExists, NotEmulated."""
    if limit_config:
        raise NotEmulated("limit_config of a budget policy, which is deprecated")
    return local.budget_policies.update(caller, policy_id, body)


@router.delete("/{policy_id}")
def delete(policy_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.budget_policies.delete(caller, policy_id)
    return {}
