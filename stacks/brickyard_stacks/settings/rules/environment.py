"""Every rule between the keys of one environment."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from brickyard_stacks.settings.rules import account, identities, lake, place, stage
from brickyard_stacks.settings.strict import Broken

if TYPE_CHECKING:
    from brickyard_stacks.settings.environment import Environment


def rules_of(environment: "Environment") -> Iterable[Broken]:
    """Those that do not hold."""
    for kind in (stage, place, account, identities, lake):
        yield from kind.rules_of(environment)
