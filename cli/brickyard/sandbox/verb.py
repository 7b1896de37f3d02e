"""The arguments of `brickyard sandbox …`."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen
from brickyard_stacks.settings.sandbox import DEFAULT_DAYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add new, list, remove and expired."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    new = verbs.add_parser("new", help="a sandbox of your own, or more days for it; deploys nothing")
    new.add_argument("--name", required=True, help="a short name: it ends the names of stacks and jobs")
    new.add_argument(
        "--days", type=_days, default=DEFAULT_DAYS, help=f"until it expires, 1 to 90 (default: {DEFAULT_DAYS})"
    )
    new.set_defaults(run=_new)
    listing = verbs.add_parser("list", help="whose they are, until when, and what exists")
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(run=_list)
    removal = verbs.add_parser("remove", help="destroy one by Terraform, with the data in it")
    removal.set_defaults(run=_remove)
    expired = verbs.add_parser("expired", help="those whose last day is over; exit status 2 if there are any")
    expired.add_argument("--remove", action="store_true", help="remove them")
    expired.set_defaults(run=_expired)
    for verb in (new, listing, removal, expired):
        verb.add_argument("environment", metavar="ENV")
        verb.set_defaults(any_environment=True)
    removal.add_argument("name", metavar="NAME")
    removal.add_argument("--of", metavar="OWNER", help="whose it is, where it is somebody else's and not over")
    for verb in (removal, expired):
        verb.add_argument("--yes", action="store_true", help="do not ask")


def _days(text: str) -> int:
    days = int(text) if text.isdecimal() else 0
    if not 1 <= days <= 90:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 to 90")
    return days


def _new(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.sandbox.sandbox import Sandboxes, new

    new(Sandboxes(clone, options.environment), screen, name=options.name, days=options.days)


def _list(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.sandbox.sandbox import Sandboxes, show

    return show(Sandboxes(clone, options.environment), screen, as_json=options.json)


def _remove(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.sandbox.sandbox import Sandboxes, remove

    sandboxes = Sandboxes(clone, options.environment)
    remove(sandboxes, screen, name=options.name, yes=options.yes, whose=options.of)


def _expired(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.sandbox.sandbox import Sandboxes, expired

    return expired(Sandboxes(clone, options.environment), screen, remove_them=options.remove, yes=options.yes)
