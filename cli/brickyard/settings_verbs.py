"""The arguments of `brickyard environments …`; what a verb does is imported when it is asked for."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_verbs(parser: argparse.ArgumentParser) -> None:
    """Add list, check, diff and schema."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="every environment with its stage, cloud, region and state")
    listing.set_defaults(run=_list)
    check = verbs.add_parser(
        "check", help="everything that is wrong in environments and projects; exit status 1 if any"
    )
    check.add_argument("names", nargs="*", metavar="NAME", help="environments (default: all); projects are always read")
    check.set_defaults(run=_check)
    diff = verbs.add_parser("diff", help="the values of two environments that differ, and where each is set")
    diff.add_argument("first", metavar="NAME")
    diff.add_argument("second", metavar="NAME")
    diff.set_defaults(run=_diff)
    for verb in (listing, check, diff):
        verb.add_argument("--json", action="store_true", help="for programs")
    schema = verbs.add_parser("schema", help="the JSON Schema of the files, for editors")
    what = schema.add_mutually_exclusive_group()
    what.add_argument("--kind", choices=("environment", "project"), default="environment", help="default: environment")
    what.add_argument("--write", action="store_true", help="write both schemas and the reference page to docs/settings")
    schema.set_defaults(run=_schema)


def _list(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.environments import list_environments

    list_environments(clone, screen, as_json=options.json)


def _check(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.environments import check_environments

    check_environments(clone, screen, options.names, as_json=options.json)


def _diff(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.environments import compare_environments

    compare_environments(clone, screen, (options.first, options.second), as_json=options.json)


def _schema(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.environments import print_schema, write_reference

    if options.write:
        write_reference(clone, screen)
    else:
        print_schema(options.kind)
