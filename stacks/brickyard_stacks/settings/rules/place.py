"""Cloud, region and addresses go together. An address that is no cloud's own (a company's) is believed."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from brickyard_stacks.settings.auth import Auth, ProfileAuth
from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment

_REGIONS = {
    "aws": (re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]"), "us-east-1"),
    "azure": (re.compile(r"[a-z]+[0-9]?"), "westeurope"),
    "gcp": (re.compile(r"[a-z]+-[a-z]+[0-9]+"), "europe-west1"),
}
# Source: docs.databricks.com, "Get identifiers for workspace objects" (addresses by cloud)
_HOSTS = {
    "aws": (".cloud.databricks.com", ".cloud.databricks.us", ".cloud.databricks.mil"),
    "azure": (".azuredatabricks.net", ".databricks.azure.us", ".databricks.azure.cn"),
    "gcp": (".gcp.databricks.com",),
}


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """The region is written as its cloud writes it, and no address or login is another cloud's."""
    cloud = environment.cloud
    if cloud in _REGIONS and not _REGIONS[cloud][0].fullmatch(environment.region):
        yield Broken(key=("region",), rule=f"a region of {cloud} is written like {_REGIONS[cloud][1]}")
    yield from _sign_in(cloud, ("workspace", "auth"), environment.workspace.auth)
    if environment.account is not None:
        yield from _sign_in(cloud, ("account", "auth"), environment.account.auth)
    if environment.platform is not None:
        yield from _sign_in(cloud, ("platform", "auth"), environment.platform.auth)
        yield from _one_workspace(environment.workspace.auth, ("platform",), environment.platform.auth)
    for project, applier in environment.deployers.items():
        yield from _sign_in(cloud, ("deployers", project, "auth"), applier.auth)
        yield from _one_workspace(environment.workspace.auth, ("deployers", project), applier.auth)


def _one_workspace(projects: Auth, key: tuple[str, ...], other: Auth) -> Iterator[Broken]:
    """Profiles carry an address that only their file knows."""
    if isinstance(projects, ProfileAuth) or isinstance(other, ProfileAuth):
        return
    if projects.host.casefold() != other.host.casefold():
        rule = f"is another workspace than workspace.auth.host, {projects.host}: both stacks are one environment's"
        yield Broken(key=(*key, "auth", "host"), rule=rule)


def _sign_in(cloud: str, key: tuple[str, ...], auth: Auth) -> Iterator[Broken]:
    if auth.type == "azure-cli" and cloud not in ("azure", "local"):
        yield Broken(key=(*key, "type"), rule=f"azure-cli signs in to Azure; the environment's cloud is {cloud}")
    if isinstance(auth, ProfileAuth):
        return
    host = auth.host.removeprefix("https://").split(":")[0]
    for other, endings in _HOSTS.items():
        if other != cloud and host.endswith(endings):
            yield Broken(key=(*key, "host"), rule=f"is an address of {other}; the environment's cloud is {cloud}")
