"""The arguments of `brickyard after-apply`."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The environment, and whether to look only."""
    parser.add_argument("environment", metavar="ENV")
    parser.add_argument("--check", action="store_true", help="change nothing; exit status 2 where something differs")
    parser.add_argument("--sandbox", metavar="NAME", help="of this personal sandbox")
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.after_apply.connections import after_apply

    return after_apply(clone, screen, options.environment, check=options.check, sandbox=options.sandbox)
