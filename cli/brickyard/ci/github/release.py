"""The release: environment after environment, each in rounds of planning and applying."""

from typing import Any

from brickyard.ci.github.steps import RUNNER, SIGNED, alone, ready, step, variables
from brickyard.ci.settings import Chain, Release, Released
from brickyard.ci.stages import TRAIN
from brickyard_stacks.settings import Environment

_GO_ON = "!failure() && !cancelled()"


def release_workflow(release: Release, chain: Chain) -> dict[str, Any]:
    """All jobs of all environments, in order."""
    jobs: dict[str, Any] = {}
    last = ""
    for released, environment in chain:
        name = released.name
        jobs[f"deploy-{name}"] = call(name, last)
        waits = f"needs.deploy-{name}.outputs.waiting == 'true'"
        jobs[f"follow-{name}"] = call(name, f"deploy-{name}", condition=waits)
        jobs[f"train-{name}"] = _train(release, released, environment)
        jobs[f"serve-{name}"] = call(name, f"train-{name}", complete=True)
        last = f"serve-{name}"
    train = {"description": "run the model workflow as well", "type": "boolean", "default": False}
    return {
        "name": "Release",
        "on": {"push": {"branches": [release.main]}, "workflow_dispatch": {"inputs": {"train": train}}},
        "permissions": {},
        "concurrency": {"group": "release", "cancel-in-progress": False},
        "jobs": jobs,
    }


def call(
    name: str, after: str, *, condition: str = "", complete: bool = False, destroy: bool = False
) -> dict[str, Any]:
    """A job that calls the workflow of an environment."""
    conditions = " && ".join(filter(None, (_GO_ON, condition)))
    given = {key: True for key, value in (("complete", complete), ("destroy", destroy)) if value}
    return {
        **({"needs": after} if after else {}),
        "if": f"${{{{ {conditions} }}}}",
        "permissions": SIGNED,
        "uses": f"./.github/workflows/deploy-{name}.yml",
        **({"with": given} if given else {}),
    }


def _train(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    name = released.name
    asked = "(github.event_name == 'push' || inputs.train)"
    return {
        "needs": [f"deploy-{name}", f"follow-{name}"],
        "if": f"${{{{ {_GO_ON} && {asked} }}}}",
        "runs-on": RUNNER,
        "timeout-minutes": 360,
        "environment": {"name": name},
        "concurrency": alone(name),
        "permissions": SIGNED,
        "env": variables(released, environment, "apply"),
        "steps": [*ready(release, released, environment, "apply"), step(TRAIN)],
    }
