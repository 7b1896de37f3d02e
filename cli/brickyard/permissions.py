"""`brickyard permissions`: the permission matrix as a page."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--write", action="store_true", help="write it to docs/permissions.md")
    parser.set_defaults(run=_show)


def _show(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard_stacks.permissions_page import PAGE, page

    if not options.write:
        print(page())
        return
    file = clone.root / PAGE
    staged = file.with_suffix(".md.new")
    staged.write_text(page())
    staged.replace(file)
    screen.line(f"Written: {PAGE}")
