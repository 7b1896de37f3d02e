"""Is there room for what will be made? Unity Catalog's quotas, where the workspace tells them."""

from collections.abc import Iterator

from databricks.sdk.errors.base import DatabricksError

from brickyard.doctor.finding import Finding, Status
from brickyard.doctor.preflight import Preflight
from brickyard.errors import in_one_line

_CHECK = "quotas"
_FULL, _NEARLY = 1.0, 0.8


def quotas(preflight: Preflight) -> Iterator[Finding]:
    """Everything above 80 % of its limit; only metastore administrators may list them all."""
    if preflight.client is None:
        return
    try:
        listed = list(preflight.client.resource_quotas.list_quotas())
    except (DatabricksError, TimeoutError) as error:
        fix = "a metastore administrator can list them: system quotas of Unity Catalog"
        yield Finding(check=_CHECK, status="warning", said=f"not known: {in_one_line(error)[:200]}", fix=fix)
        return
    tight = 0
    for quota in listed:
        count, limit = quota.quota_count or 0, quota.quota_limit or 0
        if not limit or count / limit < _NEARLY:
            continue
        tight += 1
        said = f"{quota.quota_name} of {quota.parent_full_name}: {count} of {limit}"
        fix = "delete what is not used, or ask Databricks' support for more"
        status: Status = "problem" if count / limit >= _FULL else "warning"
        yield Finding(check=_CHECK, status=status, said=said, fix=fix)
    if not tight:
        yield Finding(check=_CHECK, status="ok", said=f"{len(listed)} quotas, none above {_NEARLY:.0%}")
