"""The arguments of `brickyard ci`."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_verbs(parser: argparse.ArgumentParser) -> None:
    """Add render."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    render = verbs.add_parser("render", help="the pipelines of Azure DevOps and GitHub, from ci/release.yaml")
    what = render.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write them")
    what.add_argument("--check", action="store_true", help="exit status 1 where a file differs")
    render.set_defaults(run=_render, any_environment=True)


def _render(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.ci.render import check, write

    if options.write:
        write(clone, screen)
    else:
        check(clone)
