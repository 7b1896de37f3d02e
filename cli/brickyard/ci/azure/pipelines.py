"""The pipelines beside the release: a pull request's, drift and destruction."""

from collections.abc import Sequence
from typing import Any

from brickyard.ci.azure.steps import CACHED, POOL, begin, id_, posting, previewing, script, variables
from brickyard.ci.settings import Chain, Release
from brickyard.ci.stages import CHECKS, DRIFT, SET_UP, synth


def pull_request(chain: Chain, environments: Sequence[str]) -> dict[str, Any]:
    """Checks, then a preview of each environment that reads as who may only plan."""
    checks = {
        "job": "checks",
        "pool": POOL,
        "timeoutInMinutes": 60,
        "variables": CACHED,
        "steps": [*begin(), *map(script, CHECKS), *(script(synth(name)) for name in environments)],
    }
    previews = [
        {
            "job": f"preview_{id_(released)}",
            "dependsOn": "checks",
            "pool": POOL,
            "timeoutInMinutes": 30,
            "variables": variables(released, environment, "plan"),
            "steps": [*begin(), script(SET_UP), *previewing(released, environment)],
        }
        for released, environment in chain
    ]
    return {"trigger": "none", "pool": POOL, "jobs": [checks, *previews]}


def drift(release: Release, chain: Chain) -> dict[str, Any]:
    """A job for each environment, every night."""
    jobs = [
        {
            "job": f"drift_{id_(released)}",
            "timeoutInMinutes": 30,
            "variables": variables(released, environment, "plan"),
            "steps": [*begin(), script(SET_UP), posting(released, environment, DRIFT)],
        }
        for released, environment in chain
    ]
    return {"trigger": "none", "pr": "none", "schedules": nightly(release), "pool": POOL, "jobs": jobs}


def nightly(release: Release) -> list[dict[str, Any]]:
    """When drift is looked for, on the main branch."""
    return [{"cron": release.drift_at, "displayName": "Drift", "branches": {"include": [release.main]}, "always": True}]


def destroy(chain: Chain) -> dict[str, Any]:
    """Everything of one environment goes, by a plan that its own approval is for."""
    names = [released.name for released, _ in chain]
    which = {
        "name": "environment",
        "displayName": "Everything of which environment goes",
        "type": "string",
        "values": names,
    }
    stages = [
        {
            "template": f"deploy-{name}.yml",
            "parameters": {
                "round": "destroy",
                "condition": f"eq('${{{{ parameters.environment }}}}', '{name}')",
                "destroy": "--destroy",
                "gate": f"{name}-destroy",
            },
        }
        for name in names
    ]
    head = {"trigger": "none", "pr": "none", "lockBehavior": "sequential"}
    return {**head, "parameters": [which], "pool": POOL, "stages": stages}
