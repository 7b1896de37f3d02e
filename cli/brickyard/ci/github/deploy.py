"""The workflow that deploys one environment: plan, wait for approval, apply exactly that plan."""

from typing import Any

from brickyard.ci.github.steps import DOWNLOAD, RUNNER, SIGNED, alone, artifact, ready, step, upload, variables
from brickyard.ci.settings import Release, Released
from brickyard.ci.stages import AFTER_APPLY, APPLY, BUNDLE, PLAN, VERIFY
from brickyard_stacks.settings import Environment

_FLAGS = {
    "complete": "what still waits fails: after the model workflow",
    "destroy": "everything of this environment goes",
}
_DESTROY = "${{ inputs.destroy && '--destroy' || '' }}"


def deploy(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    """A job that plans and one that applies; other workflows call it."""
    waiting = {
        "description": "whether some stacks could not be planned yet",
        "value": "${{ jobs.plan.outputs.waiting }}",
    }
    inputs = {name: {"description": text, "type": "boolean", "default": False} for name, text in _FLAGS.items()}
    return {
        "name": f"Deploy {released.name}",
        "on": {"workflow_call": {"inputs": inputs, "outputs": {"waiting": waiting}}},
        "permissions": {},
        "jobs": {"plan": _plan(release, released, environment), "apply": _apply(release, released, environment)},
    }


def _plan(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    outputs = {name: f"${{{{ steps.plan.outputs.{name} }}}}" for name in ("digest", "changes", "waiting")}
    given = variables(released, environment, "plan")
    return {
        "runs-on": RUNNER,
        "timeout-minutes": 30,
        "environment": {"name": f"{released.name}-plan"},
        "permissions": SIGNED,
        "outputs": outputs,
        "env": {**given, "RECIPIENT": released.recipient, "DESTROY": _DESTROY},
        "steps": [*ready(release, released, environment, "plan"), step(PLAN), upload(released)],
    }


def _apply(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    not_destroyed = "${{ !inputs.destroy }}"
    given = {
        "DIGEST": "${{ needs.plan.outputs.digest }}",
        "DESTROY": _DESTROY,
        "COMPLETE": "${{ inputs.complete && '--complete' || '' }}",
    }
    return {
        "needs": "plan",
        "if": "${{ needs.plan.outputs.changes == 'true' }}",
        "runs-on": RUNNER,
        "timeout-minutes": 120,
        "environment": {"name": f"${{{{ inputs.destroy && '{released.name}-destroy' || '{released.name}' }}}}"},
        "concurrency": alone(released.name),
        "permissions": SIGNED,
        "env": {**variables(released, environment, "apply"), **given},
        "steps": [
            *ready(release, released, environment, "apply"),
            {"name": "The bundle", "uses": DOWNLOAD, "with": {"name": artifact(released), "path": BUNDLE}},
            step(APPLY, BRICKYARD_PLAN_KEY_COMMAND=released.key_command),
            {**step(AFTER_APPLY), "if": not_destroyed},
            {**step(VERIFY), "if": not_destroyed},
        ],
    }
