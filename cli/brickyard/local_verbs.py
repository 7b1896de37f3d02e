"""The arguments of `brickyard local …`; what a verb does is imported when it is asked for."""

import argparse
import sys

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_verbs(parser: argparse.ArgumentParser) -> None:
    """Add up, down, reset, logs, snapshot, restore and list."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    up = verbs.add_parser("up", help="start it, with one workspace or several; deploys nothing")
    up.add_argument(
        "--workspace",
        action="append",
        metavar="NAME[:PORT]",
        help="a workspace of the account (default: local; may be given several times)",
    )
    up.set_defaults(run=_up)
    verbs.add_parser("down", help="stop it, keep its state").set_defaults(run=_down)
    reset = verbs.add_parser("reset", help="remove all its state, keep caches and snapshots")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    reset.set_defaults(run=_reset)
    logs = verbs.add_parser("logs", help="what it wrote: `logs`, `logs spark --follow`, `logs job RUN_ID`")
    logs.add_argument("part", nargs="?", default="server", choices=("server", "spark", "tracking", "serving", "job"))
    logs.add_argument("run_id", nargs="?", type=int, help="for `job`: the run, or a task's run")
    logs.add_argument("--follow", "-f", action="store_true", help="go on until interrupted")
    logs.set_defaults(run=_logs)
    snapshot = verbs.add_parser("snapshot", help="save it in one file, while it runs")
    snapshot.add_argument("where", metavar="NAME|FILE", help="a name, or a file (with a slash, or ending in .tar.gz)")
    snapshot.add_argument("--replace", action="store_true", help="overwrite a snapshot of that name")
    snapshot.set_defaults(run=_snapshot)
    restore = verbs.add_parser("restore", help="make it what a snapshot says")
    restore.add_argument("where", metavar="NAME|FILE")
    restore.add_argument("--force", action="store_true", help="stop it if it runs, and start it again afterwards")
    restore.set_defaults(run=_restore)
    verbs.add_parser("list", help="the snapshots of this clone").set_defaults(run=_list)


def _up(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.local import up, workspace_specs

    up(clone, screen, workspace_specs(options.workspace or ["local"]))


def _down(_options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.local import down

    down(clone, screen)


def _reset(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.local import reset

    reset(clone, screen, yes=options.yes)


def _logs(options: argparse.Namespace, clone: Clone, _screen: Screen) -> None:
    from brickyard.logs import show_logs

    show_logs(clone, options.part, options.run_id, follow=options.follow, write=_print)


def _snapshot(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.local import snapshot

    snapshot(clone, screen, options.where, replace=options.replace)


def _restore(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.local import restore

    restore(clone, screen, options.where, force=options.force)


def _list(_options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.local import show_snapshots

    show_snapshots(clone, screen)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
