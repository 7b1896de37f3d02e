"""Does a second plan, with a refresh, want to change anything?"""

from collections.abc import Iterator

from brickyard.bundle.order import stacks_in_order
from brickyard.clone import Clone
from brickyard.screen import Screen
from brickyard.terraform import Change, synthesise
from brickyard.verify.verdicts import Check, Held

_SHOWN = 5


def plans_nothing(clone: Clone, screen: Screen, environment: str, parts: tuple[str, ...]) -> Iterator[Check]:
    """A check for each stack, as who signs in now. Errors: DeployFailed."""
    with screen.step(f"Synthesise {environment}"):
        synthesised = synthesise(clone, environment, clone.state / "verify" / environment)
    for stack in stacks_in_order(synthesised.folder, environment, parts):
        with screen.step(f"Plan {stack}"):
            changes = [each for each in synthesised.plan(stack) if not each.changes_nothing]
        yield check_of(stack, changes)


def check_of(stack: str, changes: list[Change]) -> Check:
    """Whether these are none."""
    what = f"{stack}: a second plan is empty"
    if not changes:
        return Check(what=what, held=Held.YES)
    told = "; ".join(_told(each) for each in changes[:_SHOWN])
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return Check(
        what=what,
        held=Held.NO,
        said=f"{told}{more}. Reality left the code, or this commit is not deployed: plan and apply it.",
    )


def _told(change: Change) -> str:
    differs = f" ({', '.join(change.differs[:_SHOWN])})" if change.differs else ""
    return f"{'/'.join(change.actions)} {change.address}{differs}"
