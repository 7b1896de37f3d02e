"""The arguments of `brickyard drift`."""

import argparse

from brickyard.bundle.order import DEFAULT_PARTS, PARTS
from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The environment, and where to keep its issue."""
    parser.add_argument("environment", metavar="ENV")
    text = "account, platform or projects (default: the last two)"
    parser.add_argument("--only", choices=PARTS, action="append", metavar="PART", help=text)
    text = "keep one issue (GitHub) or work item (Azure DevOps) of this environment up to date"
    parser.add_argument("--post", choices=("azure-devops", "github"), help=text)
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.drift.drift import Asked, drift

    parts = options.only or DEFAULT_PARTS
    return drift(clone, screen, Asked(environment=options.environment, parts=parts, post=options.post))
