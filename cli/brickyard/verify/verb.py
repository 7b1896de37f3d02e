"""The arguments of `brickyard verify`."""

import argparse

from brickyard.bundle.order import DEFAULT_PARTS, PARTS
from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The environment, and whether what waits is good enough."""
    parser.add_argument("environment", metavar="ENV")
    text = "account, platform or projects (default: the last two)"
    parser.add_argument("--only", choices=PARTS, action="append", metavar="PART", help=text)
    text = "what still waits, such as an endpoint before the first training, fails too"
    parser.add_argument("--complete", action="store_true", help=text)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.verify.verify import Asked, verify

    asked = Asked(
        environment=options.environment,
        parts=tuple(options.only or DEFAULT_PARTS),
        complete=options.complete,
        as_json=options.json,
    )
    return verify(clone, screen, asked)
