"""Planning and applying as two pipelines: where there is one subject for each pipeline."""

from typing import Any

from brickyard.ci.azure.applying import applying, deployment
from brickyard.ci.azure.pipelines import nightly
from brickyard.ci.azure.steps import POOL, begin, posting, previewing, script, signed, variables
from brickyard.ci.settings import Release, Released
from brickyard.ci.stages import BUNDLE, DRIFT, PLAN, SET_UP, TRAIN
from brickyard_stacks.settings import Environment

_REASON = "variables['Build.Reason']"


def plan_alone(release: Release, released: Released, environment: Environment) -> dict[str, Any]:
    """A preview for pull requests, a bundle for the main branch, drift at night: one identity that reads."""
    plan = [
        signed(released, environment, "plan", PLAN),
        {"publish": BUNDLE, "artifact": BUNDLE, "displayName": "The bundle, sealed"},
    ]
    steps: list[dict[str, Any]] = [
        *begin(),
        script(SET_UP),
        *previewing(released, environment, f"eq({_REASON}, 'PullRequest')"),
        {**posting(released, environment, DRIFT), "condition": f"and(succeeded(), eq({_REASON}, 'Schedule'))"},
        *({**each, "condition": f"and(succeeded(), not(in({_REASON}, 'PullRequest', 'Schedule')))"} for each in plan),
    ]
    given = {
        **variables(released, environment, "plan"),
        "RECIPIENT": released.recipient,
        "DESTROY": "${{ parameters.destroy }}",
    }
    return {
        "trigger": {"batch": True, "branches": {"include": [release.main]}},
        "schedules": nightly(release),
        "parameters": [_flag("destroy", "Plan that everything goes")],
        "pool": POOL,
        "variables": given,
        "jobs": [{"job": "plan", "timeoutInMinutes": 30, "steps": steps}],
    }


def apply_alone(released: Released, environment: Environment) -> dict[str, Any]:
    """Exactly the bundle whose digest is typed; where everything goes, behind an approval of its own."""
    given = [
        {"name": "digest", "displayName": "The digest that was approved (sha256:…)", "type": "string"},
        _flag("destroy", "Does everything go?"),
        _flag("complete", "Must all of it work?"),
        {"name": "train", "displayName": "Run the model workflow afterwards", "type": "boolean", "default": False},
    ]
    trains = "and(succeeded(), eq('${{ parameters.train }}', 'True'), ne('${{ parameters.destroy }}', '--destroy'))"
    steps = [
        {"download": "plan", "artifact": BUNDLE},
        *applying(released, environment, f"$(Pipeline.Workspace)/plan/{BUNDLE}"),
        {**signed(released, environment, "apply", TRAIN), "condition": trains},
    ]
    gate = f"${{{{ iif(eq(parameters.destroy, '--destroy'), '{released.name}-destroy', '{released.name}') }}}}"
    job = deployment(released, environment, "apply", steps, gate=gate, hours=6)
    job["variables"] |= {
        "DIGEST": "${{ parameters.digest }}",
        "DESTROY": "${{ parameters.destroy }}",
        "COMPLETE": "${{ parameters.complete }}",
    }
    return {
        "trigger": "none",
        "pr": "none",
        "lockBehavior": "sequential",
        "resources": {"pipelines": [{"pipeline": "plan", "source": f"{released.name}-plan"}]},
        "parameters": given,
        "pool": POOL,
        "stages": [{"stage": "apply", "lockBehavior": "sequential", "jobs": [job]}],
    }


def _flag(name: str, question: str) -> dict[str, Any]:
    """An option of a command that somebody chooses; a pipeline's own parameter takes no empty value."""
    return {"name": name, "displayName": question, "type": "string", "default": " ", "values": [" ", f"--{name}"]}
