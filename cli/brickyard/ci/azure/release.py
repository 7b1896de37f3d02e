"""The release: environment after environment, each in rounds of planning and applying."""

from typing import Any

from brickyard.ci.azure.applying import deployment
from brickyard.ci.azure.steps import POOL, id_, signed
from brickyard.ci.settings import Chain, Release, Released
from brickyard.ci.stages import TRAIN
from brickyard_stacks.settings import Environment


def release_pipeline(release: Release, chain: Chain) -> dict[str, Any]:
    """All stages of all environments, in order."""
    stages: list[dict[str, Any]] = []
    before: list[str] = []
    for released, environment in chain:
        stages += _through(released, environment, before)
        before = [id_(released)]
    train = {"name": "train", "displayName": "Run the model workflow as well", "type": "boolean", "default": True}
    return {
        "trigger": {"batch": True, "branches": {"include": [release.main]}},
        "pr": "none",
        "lockBehavior": "sequential",
        "parameters": [train],
        "pool": POOL,
        "stages": stages,
    }


def _through(released: Released, environment: Environment, before: list[str]) -> list[dict[str, Any]]:
    """One environment: deploy, what waited for it, the model workflow, what waited for that."""
    name = id_(released)
    deploy, follow, serve = (_Round(round_, name) for round_ in ("deploy", "follow", "serve"))
    earlier = [_Round("serve", each) for each in before]
    trained = f"or(eq(dependencies.train_{name}.result, 'Succeeded'), eq('${{{{ parameters.train }}}}', 'False'))"
    waits = f"eq({deploy.output('waiting')}, 'true')"
    followed = f"or({follow.settled}, eq({deploy.output('waiting')}, 'false'))"
    train = {
        "stage": f"train_{name}",
        "dependsOn": [*deploy.stages, *follow.stages],
        "condition": f"and({deploy.settled}, {followed}, eq('${{{{ parameters.train }}}}', 'True'))",
        "lockBehavior": "sequential",
        "jobs": [deployment(released, environment, "train", [signed(released, environment, "apply", TRAIN)], hours=6)],
    }
    after_all = [*deploy.stages, *follow.stages, f"train_{name}"]
    first = [each.settled for each in earlier] or ["not(canceled())"]
    return [
        _call(released, deploy, [stage for each in earlier for stage in each.stages], first[0]),
        _call(released, follow, list(deploy.stages), f"and({deploy.settled}, {waits})"),
        train,
        _call(released, serve, after_all, f"and({deploy.settled}, {followed}, {trained})", complete="--complete"),
    ]


class _Round:
    """A plan stage and its apply stage, as the conditions of later stages name them."""

    def __init__(self, round_: str, environment: str) -> None:
        self.name = round_
        self.stages = (f"{round_}_{environment}_plan", f"{round_}_{environment}_apply")

    def output(self, name: str) -> str:
        """What the plan told."""
        return f"dependencies.{self.stages[0]}.outputs['plan.plan.{name}']"

    @property
    def settled(self) -> str:
        """Applied, or nothing to apply. A stage whose approval ran out is skipped, and must not pass for either."""
        return f"or(eq(dependencies.{self.stages[1]}.result, 'Succeeded'), eq({self.output('changes')}, 'false'))"


def _call(released: Released, round_: _Round, after: list[str], condition: str, **more: str) -> dict[str, Any]:
    given = {"round": round_.name, "after": after, "condition": condition, **more}
    return {"template": f"ci/azure/deploy-{released.name}.yml", "parameters": given}
