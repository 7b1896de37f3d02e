"""The offline and the genuine provider plan alike and leave alike workspaces.

Run by hand where a genuine provider exists: BRICKYARD_GENUINE_PROVIDER names its binary.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from brickyard_local import process
from brickyard_local.provider.install import VERSION
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace

PREFIX = "twin"
_VOLATILE = re.compile(
    r"(_at|_time|_timestamp|modified|created|md5|^etag|^last_updated|^created_time|^url|_url|^storage_location|"
    r"^storage_root|^metastore_id|^schema_id|^volume_id|^id$|^value$|^\$ref$|^applicationId$|^job_id$|_id$|^object_id$|"
    r"^artifact_location$)"
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_HEX = re.compile(r"\b([0-9a-f]{16,40}|[0-9A-F]{16}|\d{4}-\d{6}-\w{8})\b")
_NUMBER = re.compile(r"\b\d{6,}\b")
# Arguments of scenarios that a newer provider does not know: what it does with them in 1.99 it does by itself.
_ONLY_OLD = ("experimental_is_unified_host",)
# Attributes that a newer provider alone fills in; and `etag`, which a dashboard has in 1.99 alone.
_ONLY_ONE_HAS = frozenset(
    {
        "custom_max_retention_hours",
        "effective_enable_file_events",
        "effective_file_event_queue",
        "etag",
        "managed_encryption_settings",
        "provider_config",
        "provisioning_info",
        "source_type",
        "update_time",
        "updated_by",
    }
)
_OBJECTS = (
    "/api/2.1/unity-catalog/catalogs/{p}",
    "/api/2.1/unity-catalog/bindings/catalog/{p}",
    "/api/2.1/unity-catalog/permissions/catalog/{p}",
    "/api/2.1/unity-catalog/schemas?catalog_name={p}",
    "/api/2.1/unity-catalog/volumes/{p}.ml.landing",
    "/api/2.1/unity-catalog/permissions/volume/{p}.ml.landing",
    "/api/2.1/unity-catalog/models/{p}.ml.model",
    "/api/2.1/unity-catalog/permissions/function/{p}.ml.model",
    "/api/2.0/preview/scim/v2/Groups?filter=displayName eq {p}-readers",
    "/api/2.0/preview/scim/v2/ServicePrincipals?filter=displayName eq {p}-runner",
    "/api/2.2/jobs/list?name={p}-workflow&expand_tasks=true",
    "/api/2.0/workspace/list?path=/Shared/{p}-files",
    "/api/2.0/workspace/export?path=/Shared/{p}-files/notes.txt",
    "/api/2.0/mlflow/experiments/get-by-name?experiment_name=/Shared/{p}",
    "/api/2.0/serving-endpoints",
    "/api/2.0/fs/directories/Volumes/{p}/ml/landing",
)


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[dict[str, LocalWorkspace]]:
    """An account for each provider, so that all names are equal."""
    started = {name: start_local_workspace(tmp_path / name) for name in ("genuine", "offline")}
    try:
        yield started
    finally:
        for workspace in started.values():
            process.stop(workspace.home)


@pytest.fixture
def twins(
    genuine_cli_config: Path,
    offline_cli_config: Path,
    accounts: dict[str, LocalWorkspace],
    stack: Any,
    stack_folder: Path,
) -> dict[str, Any]:
    """The same stack twice."""
    configs = {"genuine": genuine_cli_config, "offline": offline_cli_config}
    return {
        name: stack(stack_folder, cli_config=config, workspace=accounts[name], prefix=PREFIX)
        for name, config in configs.items()
    }


def _is_newer() -> bool:
    """Whether the genuine provider is of another version than the offline one."""
    return not os.environ.get("BRICKYARD_GENUINE_PROVIDER", "").endswith(f"_v{VERSION}")


def comparable(value: Any, known: Mapping[str, str]) -> Any:
    """Without zero values, which the SDK's state mixes with nulls, and with the accounts' own ids and hosts named."""
    if isinstance(value, dict):
        left_out = _ONLY_ONE_HAS if _is_newer() else frozenset()
        items = {key: comparable(item, known) for key, item in value.items() if key not in left_out}
        return {key: item for key, item in sorted(items.items()) if item not in (None, False, 0, "", [], {})}
    if isinstance(value, list):
        items = [comparable(item, known) for item in value]
        return sorted(items, key=json.dumps)
    if isinstance(value, int) and (value > 99_999 or str(value) in known):
        return known.get(str(value), "<number>")
    if isinstance(value, str):
        for text, name in known.items():
            value = value.replace(text, name)
        plain = _TIME.sub("<date>", _DATE.sub("<date>", _UUID.sub("<uuid>", value)))
        return _NUMBER.sub("<number>", _HEX.sub("<hex>", plain))
    return value


@pytest.fixture
def scenario_twins(
    genuine_cli_config: Path,
    offline_cli_config: Path,
    accounts: dict[str, LocalWorkspace],
    stack: Any,
    scenario: Any,
) -> dict[str, Any]:
    """A configuration of `parity` twice."""
    configs = {"genuine": genuine_cli_config, "offline": offline_cli_config}
    made = {
        name: stack(scenario.folder, cli_config=config, workspace=accounts[name], prefix=PREFIX)
        for name, config in configs.items()
    }
    if _is_newer():
        _leave_out(made["genuine"].folder / "main.tf", _ONLY_OLD)
    return made


def _leave_out(file: Path, arguments: tuple[str, ...]) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.strip().startswith(arguments)))


def _known(workspace: LocalWorkspace) -> dict[str, str]:
    address = workspace.host.partition("://")[2]
    return {
        workspace.host: "<host>",
        address: "<address>",
        address.rpartition(":")[2]: "<port>",
        str(workspace.home.root): "<home>",
    }


def changes(terraform: Any, plan: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan says, resource by resource."""
    known = _known(terraform.workspace)
    return {
        change["address"]: {
            "actions": change["change"]["actions"],
            "after": comparable(change["change"]["after"], known),
            "after_unknown": comparable(change["change"]["after_unknown"], known),
            "replace_paths": sorted(map(str, change["change"].get("replace_paths", []))),
        }
        for change in plan["resource_changes"]
    }


def left_behind(workspace: LocalWorkspace) -> dict[str, Any]:
    """The workspace's objects, without what differs from one account to the next."""
    objects = []
    for template in _OBJECTS:
        path, _, query = template.format(p=PREFIX).partition("?")
        objects.append((path, dict(part.split("=", 1) for part in query.split("&")) if query else {}))
    return {str(place): answer for place, answer in enumerate(_answers(workspace, objects))}


def _answers(workspace: LocalWorkspace, objects: list[tuple[str, dict[str, str]]]) -> list[Any]:
    call = workspace.client().api_client.do
    known = _known(workspace)
    return [comparable(_stable(call("GET", path, query=query)), known) for path, query in objects]


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(item) for key, item in value.items() if not _VOLATILE.search(key)}
    return [_stable(item) for item in value] if isinstance(value, list) else value


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where two documents differ, one line each."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = sorted({*ours, *theirs})
        return [line for key in keys for line in differences(ours.get(key), theirs.get(key), f"{path}/{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for index, pair in pairs for line in differences(*pair, f"{path}/{index}")]
    return [] if ours == theirs else [f"{path}: offline {ours}, genuine {theirs}"]


@pytest.mark.genuine
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_both_providers_plan_alike_and_leave_alike_workspaces(twins: dict[str, Any], log_versions: Any) -> None:
    """From nothing, through updates, imports, a replacement and an endpoint, to nothing."""
    second = {"comment": "second", "member": "group"}
    _step(twins, {})
    _step(twins, {"comment": "second"})
    for each in twins.values():
        each.import_again(comment="second")
    _step(twins, {"comment": "second"})
    _step(twins, second)
    for each in twins.values():
        log_versions(each.workspace, f"{PREFIX}.ml.model")
    _step(twins, {**second, "served_version": "1"})
    _step(twins, {**second, "served_version": "2"})
    for each in twins.values():
        each.run("destroy", "-auto-approve")


def _step(twins: dict[str, Any], variables: dict[str, str]) -> None:
    """Plan, apply, plan again: no difference between the two, and no change after the apply."""
    plans = {name: changes(each, each.plan(**variables)) for name, each in twins.items()}
    assert differences(plans["offline"], plans["genuine"]) == [], variables
    for each in twins.values():
        each.apply(**variables)
        assert each.changes(**variables) == {}
    left = {name: left_behind(each.workspace) for name, each in twins.items()}
    assert differences(left["offline"], left["genuine"]) == [], variables


@pytest.mark.genuine
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_both_providers_take_a_configuration_through_the_same_life(
    scenario_twins: dict[str, Any], scenario: Any
) -> None:
    """Created, changed, replaced, changed behind Terraform's back, imported, destroyed: the same plans and objects."""
    found = _differences(scenario_twins, scenario, {}, "first")
    variables: dict[str, str] = {}
    for step in scenario.facts["steps"]:
        variables = step["variables"]
        found += _differences(scenario_twins, scenario, variables, str(variables))
    for each in scenario_twins.values():
        scenario.drift(each)
    found += _differences(scenario_twins, scenario, variables, "drift")
    for each in scenario_twins.values():
        scenario.forget_and_import(each)
    found += _differences(scenario_twins, scenario, variables, "import")
    for each in scenario_twins.values():
        each.run("destroy", "-auto-approve", **variables)
    known = [re.compile(text) for text in scenario.facts.get("known_differences", [])]
    unknown = [line for line in found if not any(text.search(line) for text in known)]
    assert not unknown, "\n".join(unknown)


def _differences(twins: dict[str, Any], scenario: Any, variables: dict[str, str], step: str) -> list[str]:
    """Plan, apply, plan again: where the two plans and the two workspaces differ."""
    plans = {name: changes(each, each.plan(**variables)) for name, each in twins.items()}
    for each in twins.values():
        each.run("apply", "plan")
        each.run("plan", "-detailed-exitcode", **variables)
    left = {name: [*_answers(each.workspace, scenario.objects(each)), _outputs(each)] for name, each in twins.items()}
    pairs = (("planned", plans), ("left", left))
    return [f"{step}, {what}: {line}" for what, both in pairs for line in differences(both["offline"], both["genuine"])]


def _outputs(terraform: Any) -> Any:
    """What data sources found."""
    return comparable(json.loads(terraform.run("output", "-json")), _known(terraform.workspace))
