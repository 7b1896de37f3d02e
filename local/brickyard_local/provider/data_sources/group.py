"""databricks_group, by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from brickyard_local.provider.client import Api, segment
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import DataSource, Found, State
from brickyard_local.provider.resources.iam.scim import SCIM, granted

_GROUPS = f"{SCIM}/Groups"
_KINDS = {"users": "Users/", "child_groups": "Groups/", "service_principals": "ServicePrincipals/"}


class GroupByName(DataSource):
    """A group with its members; with those of its parent groups, unless `recursive` is false."""

    type_name = "databricks_group"

    def read(self, api: Api, config: State) -> Found:
        name = config["display_name"]
        found = api.get(_GROUPS, {"filter": f'displayName eq "{name}"'}).get("Resources") or []
        if not found:
            raise InvalidValue(f"cannot find group: {name}", "Create it first, or correct the name.")
        is_recursive = config.get("recursive") is not False
        groups = list(_with_parents(api, found[0])) if is_recursive else [found[0]]
        members = [member for group in groups for member in group.get("members") or []]
        return {
            "acl_principal_id": f"groups/{name}",
            "display_name": name,
            "external_id": found[0].get("externalId"),
            "groups": _values(groups, "groups"),
            "id": str(found[0]["id"]),
            "instance_profiles": _values(groups, "roles"),
            "members": sorted(str(member["value"]) for member in members),
            "recursive": is_recursive,
            **{argument: _of_kind(members, prefix) for argument, prefix in _KINDS.items()},
            **{argument: True for group in groups for argument in granted(group)},
        }


def _with_parents(api: Api, group: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    queue, seen = [group], {str(group["id"])}
    while queue:
        current = queue.pop(0)
        yield current
        for parent in current.get("groups") or []:
            if str(parent["value"]) not in seen:
                seen.add(str(parent["value"]))
                attributes = {"attributes": "displayName,members,roles,entitlements,externalId,groups"}
                queue.append(api.get(f"{_GROUPS}/{segment(str(parent['value']))}", attributes))


def _values(groups: list[Mapping[str, Any]], key: str) -> list[str]:
    return sorted(str(item["value"]) for group in groups for item in group.get(key) or [])


def _of_kind(members: list[Mapping[str, Any]], prefix: str) -> list[str]:
    return sorted(str(member["value"]) for member in members if str(member.get("$ref", "")).startswith(prefix))
