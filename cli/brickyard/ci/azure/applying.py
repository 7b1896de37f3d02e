"""Jobs that write: approvals, branch control and the exclusive lock stand on the environment that they name."""

from typing import Any

from brickyard.ci.azure.steps import begin, script, signed, variables
from brickyard.ci.settings import Released
from brickyard.ci.stages import AFTER_APPLY, APPLY, BUNDLE, SET_UP, VERIFY
from brickyard_stacks.settings import Environment


def applying(released: Released, environment: Environment, bundle: str) -> list[dict[str, Any]]:
    """Verify is not asked where everything was to go."""
    not_destroyed = "and(succeeded(), ne('${{ parameters.destroy }}', '--destroy'))"
    steps = [{"bash": f'cp -r "$FROM" {BUNDLE}', "displayName": "The bundle", "env": {"FROM": bundle}}]
    steps.append(signed(released, environment, "apply", APPLY, BRICKYARD_PLAN_KEY_COMMAND=released.key_command))
    steps += [
        {**signed(released, environment, "apply", step), "condition": not_destroyed} for step in (AFTER_APPLY, VERIFY)
    ]
    return steps


def deployment(
    released: Released,
    environment: Environment,
    job: str,
    steps: list[dict[str, Any]],
    *,
    gate: str = "",
    hours: int = 2,
) -> dict[str, Any]:
    """A deployment job: approvals, branch control and the exclusive lock stand on its environment."""
    return {
        "deployment": job,
        "environment": gate or released.name,
        "timeoutInMinutes": 60 * hours,
        "variables": variables(released, environment, "apply"),
        "strategy": {"runOnce": {"deploy": {"steps": [*begin(), script(SET_UP), *steps]}}},
    }
