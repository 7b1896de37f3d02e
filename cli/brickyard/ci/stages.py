"""What the pipelines do: commands that a person can run too, once for both platforms.

A command reads what differs from its environment, never from text that a platform puts into it: names of branches and
titles of pull requests are other people's.
"""

from dataclasses import dataclass, field
from typing import Literal

Identity = Literal["none", "plan", "apply"]
BUNDLE = "plan-bundle"
_BRICKYARD = ".venv/bin/brickyard"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step. `variables` are given as they are; who signs in follows from the job that it is in."""

    title: str
    run: str
    id: str = ""
    variables: dict[str, str] = field(default_factory=dict)


CACHES = ".brickyard/cache"
PLUGINS = f"{CACHES}/terraform-plugins"
SET_UP = Step(title="Set up, from lock files", run=f"make setup && mkdir -p {PLUGINS}")
CHECKS = (
    Step(title="Set up, from lock files", run="make setup-dev"),
    Step(title="Lint", run="make lint"),
    Step(title="Types", run="make types"),
    Step(title="Settings", run=f"{_BRICKYARD} environments check"),
    Step(title="Pipelines are as rendered", run=f"{_BRICKYARD} ci render --check"),
    Step(title="Tests", run='.venv/bin/pytest -n 2 -m "not slow" --ignore=tests/end_to_end'),
)
PREVIEW = Step(
    title="Plan and review, as who may only read",
    run=f'{_BRICKYARD} plan "$TARGET" --preview --out {BUNDLE} --post "$PLATFORM" --key "$TARGET"',
)
PLAN = Step(
    title="Plan, review and seal",
    run=f'{_BRICKYARD} plan "$TARGET" $ONLY $DESTROY --out {BUNDLE} --recipient "$RECIPIENT" --threshold block',
    id="plan",
)
APPLY = Step(
    title="Apply exactly what was approved",
    run=f'{_BRICKYARD} apply {BUNDLE} --approved "$DIGEST" --env "$TARGET" $DESTROY',
)
VERIFY = Step(title="Verify", run=f'{_BRICKYARD} verify "$TARGET" $ONLY $COMPLETE')
AFTER_APPLY = Step(title="What Terraform has no field for", run=f'{_BRICKYARD} after-apply "$TARGET"')
TRAIN = Step(title="Run the model workflow", run=f'{_BRICKYARD} train "$TARGET"')
DRIFT = Step(title="Look for drift", run=f'{_BRICKYARD} drift "$TARGET" $ONLY --post "$PLATFORM"')


def synth(environment: str) -> Step:
    """Every environment must at least synthesise, guards included; no workspace is asked."""
    return Step(
        title=f"Synthesise {environment}",
        run=".brickyard/tools/bin/pipenv run cdktf synth",
        variables={"BRICKYARD_ENV": environment},
    )


def only(parts: tuple[str, ...]) -> str:
    """The parts as arguments: plain words of ours, so that a shell may split them."""
    return " ".join(f"--only {part}" for part in parts)
