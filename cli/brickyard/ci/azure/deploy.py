"""The template that deploys one environment: plan, wait for approval, apply exactly that plan."""

from typing import Any

from brickyard.ci.azure.applying import applying, deployment
from brickyard.ci.azure.steps import begin, id_, script, signed, variables
from brickyard.ci.settings import Released
from brickyard.ci.stages import BUNDLE, PLAN, SET_UP
from brickyard_stacks.settings import Environment


def deploy(released: Released, environment: Environment) -> dict[str, Any]:
    """A stage that plans and one that applies, as often as a release goes round."""
    name = id_(released)
    planned = f"${{{{ parameters.round }}}}_{name}_plan"
    given: list[dict[str, Any]] = [
        {"name": "round", "type": "string"},
        {"name": "after", "type": "object", "default": []},
        {"name": "condition", "type": "string", "default": "not(canceled())"},
        {"name": "complete", "type": "string", "default": "", "values": ["", "--complete"]},
        {"name": "destroy", "type": "string", "default": "", "values": ["", "--destroy"]},
        {"name": "gate", "type": "string", "default": released.name},
    ]
    plan = {
        "stage": planned,
        "dependsOn": "${{ parameters.after }}",
        "condition": "${{ parameters.condition }}",
        "jobs": [_planning(released, environment)],
    }
    digest = f"$[ stageDependencies.{planned}.plan.outputs['plan.digest'] ]"
    steps = [
        {"download": "current", "artifact": f"${{{{ parameters.round }}}}-{released.name}"},
        *applying(released, environment, f"$(Pipeline.Workspace)/${{{{ parameters.round }}}}-{released.name}"),
    ]
    job = deployment(released, environment, "apply", steps, gate="${{ parameters.gate }}")
    job["variables"] |= {
        "DIGEST": digest,
        "DESTROY": "${{ parameters.destroy }}",
        "COMPLETE": "${{ parameters.complete }}",
    }
    apply = {
        "stage": f"${{{{ parameters.round }}}}_{name}_apply",
        "dependsOn": planned,
        "condition": f"and(succeeded(), eq(dependencies.{planned}.outputs['plan.plan.changes'], 'true'))",
        "lockBehavior": "sequential",
        "jobs": [job],
    }
    return {"parameters": given, "stages": [plan, apply]}


def _planning(released: Released, environment: Environment) -> dict[str, Any]:
    artifact = f"${{{{ parameters.round }}}}-{released.name}"
    return {
        "job": "plan",
        "timeoutInMinutes": 30,
        "variables": {
            **variables(released, environment, "plan"),
            "RECIPIENT": released.recipient,
            "DESTROY": "${{ parameters.destroy }}",
        },
        "steps": [
            *begin(),
            script(SET_UP),
            signed(released, environment, "plan", PLAN),
            {"publish": BUNDLE, "artifact": artifact, "displayName": "The bundle, sealed"},
        ],
    }
