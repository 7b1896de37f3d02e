"""The workflows beside the release: a pull request's, drift and destruction."""

from collections.abc import Sequence
from typing import Any

from brickyard.ci.github.release import call
from brickyard.ci.github.steps import READ, RUNNER, SIGNED, posting, ready, step, tools, variables, whole_review
from brickyard.ci.settings import Chain, Release
from brickyard.ci.stages import CHECKS, DRIFT, PREVIEW, synth


def pull_request(release: Release, chain: Chain, environments: Sequence[str]) -> dict[str, Any]:
    """Checks, then a preview of each environment that reads as who may only plan."""
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    jobs: dict[str, Any] = {
        "checks": {
            "runs-on": RUNNER,
            "timeout-minutes": 60,
            "permissions": READ,
            "steps": [*tools(release), *map(step, CHECKS), *(step(synth(name)) for name in environments)],
        }
    }
    for released, environment in chain:
        jobs[f"preview-{released.name}"] = {
            "needs": "checks",
            "if": f"${{{{ {own} }}}}",  # a fork's gets no identity
            "runs-on": RUNNER,
            "timeout-minutes": 30,
            "environment": {"name": f"{released.name}-plan"},
            "permissions": {**SIGNED, "pull-requests": "write", "checks": "write"},
            "env": variables(released, environment, "plan"),
            "steps": [*ready(release, released, environment, "plan"), posting(PREVIEW), whole_review(released)],
        }
    return {
        "name": "Pull request",
        "on": {"pull_request": {"branches": [release.main]}},
        "permissions": {},
        "concurrency": {"group": "pull-request-${{ github.event.number }}", "cancel-in-progress": True},
        "jobs": jobs,
    }


def drift(release: Release, chain: Chain) -> dict[str, Any]:
    """A job for each environment, every night."""
    return {
        "name": "Drift",
        "on": {"schedule": [{"cron": release.drift_at}], "workflow_dispatch": {}},
        "permissions": {},
        "jobs": {
            released.name: {
                "runs-on": RUNNER,
                "timeout-minutes": 30,
                "environment": {"name": f"{released.name}-plan"},
                "concurrency": {"group": f"drift-{released.name}", "cancel-in-progress": False},
                "permissions": {**SIGNED, "issues": "write"},
                "env": variables(released, environment, "plan"),
                "steps": [*ready(release, released, environment, "plan"), posting(DRIFT)],
            }
            for released, environment in chain
        },
    }


def destroy(chain: Chain) -> dict[str, Any]:
    """Everything of one environment goes, by a plan that its own approval is for."""
    names = [released.name for released, _ in chain]
    which = {"description": "the environment", "type": "choice", "required": True, "options": names}
    jobs = {name: call(name, "", condition=f"inputs.environment == '{name}'", destroy=True) for name in names}
    return {
        "name": "Destroy",
        "on": {"workflow_dispatch": {"inputs": {"environment": which}}},
        "permissions": {},
        "concurrency": {"group": "release", "cancel-in-progress": False},
        "jobs": jobs,
    }
