"""The arguments of `brickyard move-to-cdktn`."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to write."""
    parser.add_argument("--write", action="store_true", help="rewrite the files (default: show the diff)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.move_to_cdktn.move import move

    move(clone, screen, write=options.write)
