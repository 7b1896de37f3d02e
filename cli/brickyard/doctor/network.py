"""Do the hosts answer that a plan and a build talk to?"""

from collections.abc import Iterator

import httpx

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Preflight

_CHECK = "network"
_S = 10


def network(preflight: Preflight) -> Iterator[Finding]:
    """Any answer is an answer, a refused sign-in included; proxies of the shell are used, as Terraform does."""
    for title, url in _hosts(preflight):
        try:
            status = httpx.get(url, timeout=_S).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = f"{title} ({url}) does not answer: {' '.join(str(error).split()) or type(error).__name__}"
            fix = "open the way to it: firewall, HTTPS_PROXY, private link, or the workspace's IP access list"
            yield Finding(check=_CHECK, status="problem", said=said, fix=fix)
            continue
        yield Finding(check=_CHECK, status="ok", said=f"{title} answers ({status})")


def _hosts(preflight: Preflight) -> Iterator[tuple[str, str]]:
    environment = preflight.environment
    if preflight.client is not None and preflight.client.config.host:
        yield "the workspace", str(preflight.client.config.host)
    elif hasattr(environment.workspace.auth, "host"):
        yield "the workspace", str(environment.workspace.auth.host)
    if environment.account is not None and hasattr(environment.account.auth, "host"):
        yield "the account", str(environment.account.auth.host)
    if environment.state.backend == "s3" and environment.state.endpoint is not None:
        yield "the state's endpoint", str(environment.state.endpoint)
    if environment.network.package_index is not None:
        yield "the package index (from here; jobs have a way of their own)", environment.network.package_index.url
