"""What an AI Gateway may do here: inference tables, and limits on calls. Pure: no I/O.

Source: docs.databricks.com/api/workspace/servingendpoints/putaigateway;
docs.databricks.com/aws/en/ai-gateway/rate-limits (order of limits, how many there may be).
Gaps: guardrails, fallbacks, usage tracking, limits on tokens: 501.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.serving.config import refuse_unknown

Gateway = dict[str, Any]

_KNOWN = frozenset({"inference_table_config", "rate_limits", "usage_tracking_config", "guardrails", "fallback_config"})
_EMULATED = frozenset({"inference_table_config", "rate_limits"})
_TABLE = frozenset({"catalog_name", "schema_name", "table_name_prefix", "enabled"})
_LIMIT = frozenset({"calls", "key", "principal", "renewal_period", "tokens"})
_NAMED = ("user_group", "service_principal")
_KEYS = ("endpoint", "user", *_NAMED)
_MOST_LIMITS = 20
_MOST_GROUP_LIMITS = 5


def checked_gateway(given: Mapping[str, Any]) -> Gateway:
    """What is kept and shown of a gateway. Errors: InvalidParameter, NotEmulated naming the part."""
    refuse_unknown(given, _EMULATED, "of an AI Gateway")
    gateway = {name: value for name, value in given.items() if name in _KNOWN and value is not None}
    _check_table(gateway.get("inference_table_config") or {})
    _check_limits(gateway.get("rate_limits") or [])
    return gateway


def table_wanted(gateway: Mapping[str, Any], endpoint: str) -> tuple[str, str, str] | None:
    """Catalog, schema and name of the inference table, or None when it is off."""
    config = gateway.get("inference_table_config") or {}
    if not config.get("enabled"):
        return None
    return config["catalog_name"], config["schema_name"], f"{config.get('table_name_prefix') or endpoint}_payload"


def refuse_move(before: Mapping[str, Any], after: Mapping[str, Any], endpoint: str) -> None:
    """Errors: InvalidParameter when a table that is on would get another name."""
    old, new = table_wanted(before, endpoint), table_wanted(after, endpoint)
    if old is not None and new is not None and old != new:
        raise InvalidParameter(
            f"The inference table of endpoint '{endpoint}' is {'.'.join(old)} and cannot become {'.'.join(new)}: "
            "disable inference tables first (enabled = false), then enable them with the new names."
        )


def _check_table(config: Mapping[str, Any]) -> None:
    refuse_unknown(config, _TABLE, "of an inference_table_config")
    for name in ("catalog_name", "schema_name"):
        if config.get("enabled") and not config.get(name):
            raise InvalidParameter(f"inference_table_config is enabled without '{name}': say where the table belongs.")


def _check_limits(limits: list[Mapping[str, Any]]) -> None:
    for limit in limits:
        _check_limit(limit)
    kinds = [(limit.get("key") or "endpoint", limit.get("principal") or "") for limit in limits]
    groups = sum(key == "user_group" for key, _ in kinds)
    if len(limits) > _MOST_LIMITS or groups > _MOST_GROUP_LIMITS:
        raise InvalidParameter(
            f"rate_limits has {len(limits)} limits, {groups} of them for groups; "
            f"an endpoint may have {_MOST_LIMITS}, {_MOST_GROUP_LIMITS} of them for groups."
        )
    twice = {kind for kind in kinds if kinds.count(kind) > 1}
    if twice:
        raise InvalidParameter(f"rate_limits limits the same calls twice: {sorted(twice)}. Keep one of each.")


def _check_limit(limit: Mapping[str, Any]) -> None:
    key = limit.get("key") or "endpoint"
    if limit.get("tokens") is not None:
        raise NotEmulated("'tokens' of a rate limit: calls are counted here, tokens are not")
    refuse_unknown(limit, _LIMIT, "of a rate limit")
    if key not in _KEYS:
        raise InvalidParameter(f"The key '{key}' of a rate limit is not one of {', '.join(_KEYS)}.")
    if limit.get("renewal_period") != "minute":
        raise InvalidParameter(f"renewal_period is '{limit.get('renewal_period')}'; only 'minute' is supported.")
    calls = limit.get("calls")
    if not isinstance(calls, int) or isinstance(calls, bool) or calls < 0:
        raise InvalidParameter(f"'calls' of a rate limit must be a number from 0; got {calls!r}.")
    if bool(limit.get("principal")) and key == "endpoint":
        raise InvalidParameter("A rate limit of the whole endpoint names no principal; use the key 'user' for one.")
    if key in _NAMED and not limit.get("principal"):
        raise InvalidParameter(f"A rate limit with the key '{key}' must name its principal.")
