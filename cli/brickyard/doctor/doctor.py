"""Every check, in the order in which they help; then what to send to whom."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace

from databricks.sdk.errors.base import DatabricksError

from brickyard.clone import Clone
from brickyard.doctor.clock import clock
from brickyard.doctor.finding import Finding, exit_status
from brickyard.doctor.identity import identity, who_am_i, who_is
from brickyard.doctor.may_apply import may_apply
from brickyard.doctor.network import network
from brickyard.doctor.payload_sight import payload_sight
from brickyard.doctor.plan_sight import plan_sight
from brickyard.doctor.preflight import Check, Preflight
from brickyard.doctor.provider_source import provider_source
from brickyard.doctor.quotas import quotas
from brickyard.doctor.run_rate import run_rate
from brickyard.doctor.state_backend import state_backend
from brickyard.doctor.tools import tools
from brickyard.errors import CannotSignIn, in_one_line
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard_stacks.settings import Auth, environment_file, load_environment, load_project, project_files

CHECKS: tuple[Check, ...] = (
    tools,
    provider_source,
    network,
    identity,
    clock,
    may_apply,
    payload_sight,
    quotas,
    state_backend,
    plan_sight,
    run_rate,
)
_TIMEOUT_S = 20
_MARKS = {"ok": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "problem": "[red]✗[/red]"}


def doctor(
    clone: Clone,
    screen: Screen,
    environment: str,
    *,
    as_json: bool = False,
    principal: str | None = None,
    platform: bool = False,
) -> int:
    """Look at everything and change nothing. Returns 0, 1 (worth knowing) or 2 (in the way).

    With `principal`, an administrator asks what that one may do. With `platform`, who applies the platform signs in.

    Errors: InvalidSettings, UnknownEnvironment, UnknownPrincipal.
    """
    settings = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": environment}))
    projects = tuple(load_project(path) for path in project_files(clone.root))
    preflight = Preflight(clone=clone, environment=settings, projects=projects, variables=dict(os.environ))
    preflight, findings = _signed_in(preflight, settings.platform_auth if platform else settings.workspace.auth)
    if principal is not None and preflight.client is not None:
        preflight = replace(preflight, caller=who_is(preflight.client, principal))
    for check in CHECKS:
        findings.extend(_run(check, preflight))
    if as_json:
        print(json.dumps({"environment": environment, "findings": [asdict(each) for each in findings]}, indent=2))
    else:
        _show(findings, screen)
    return exit_status(findings)


def _signed_in(preflight: Preflight, auth: Auth) -> tuple[Preflight, list[Finding]]:
    """Without a sign-in the other checks still say what they can."""
    try:
        client = workspace_client(preflight.clone, preflight.environment, auth=auth, timeout_s=_TIMEOUT_S)
        caller = who_am_i(client)
    except (CannotSignIn, DatabricksError, OSError, ValueError) as error:
        said = f"cannot sign in: {in_one_line(error)}"
        fix = "log in, or correct workspace.auth; what needs the workspace is not checked"
        return preflight, [Finding(check="sign-in", status="problem", said=said, fix=fix)]
    return replace(preflight, client=client, caller=caller), []


def _run(check: Check, preflight: Preflight) -> Iterator[Finding]:
    """A check that the platform does not let finish is itself a finding: nothing is passed over in silence."""
    try:
        yield from check(preflight)
    except (DatabricksError, OSError, TimeoutError) as error:
        said = f"could not be finished: {type(error).__name__}: {in_one_line(error)[:200]}"
        yield Finding(check=check.__name__.replace("_", " "), status="problem", said=said, fix="see the line itself")


def _show(findings: list[Finding], screen: Screen) -> None:
    def plain(text: str) -> None:
        screen.console.print(text, markup=False, soft_wrap=True)

    for finding in findings:
        screen.console.print(f"  {_MARKS[finding.status]} ", end="")
        plain(f"{finding.check}: {finding.said}")
        if finding.fix:
            plain(f"      {finding.fix}")
    for giver in sorted({finding.giver for finding in findings if finding.giver}):
        screen.line()
        screen.line(f"[bold]To send to the {giver}[/bold]")
        for text in dict.fromkeys(each.text for each in findings if each.giver == giver):
            plain(f"  {text}")
