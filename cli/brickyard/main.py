"""The command line: `brickyard up | down | start | stop | status | local …`."""

import argparse
import os
import sys
from collections.abc import Callable

from brickyard import review
from brickyard.clone import Clone
from brickyard.errors import BrickyardError, NotUp
from brickyard.local_verbs import add_verbs
from brickyard.permissions import add_arguments as add_permissions
from brickyard.ports import port
from brickyard.screen import Screen
from brickyard.settings_verbs import add_verbs as add_settings_verbs
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.errors import LocalWorkspaceError
from brickyard_review.errors import ReviewError
from brickyard_stacks.errors import StacksError


def main() -> int:
    """Errors become one sentence on standard error; exit status 1, or 130 when interrupted."""
    if sys.argv[1:2] == ["review"]:
        return review.main(sys.argv[2:])
    options = _parser().parse_args()
    _reach_this_machine()
    if not getattr(options, "any_environment", False) or getattr(options, "environment", None) == "local":
        _forget_sign_ins()
    try:
        run: Callable[[argparse.Namespace, Clone, Screen], int | None] = options.run
        return run(options, Clone.find(), Screen()) or 0
    except BrickyardError as error:
        print(f"\nbrickyard: {error}", file=sys.stderr)
        return error.exit_status
    except (LocalWorkspaceError, ReviewError, StacksError) as error:
        print(f"\nbrickyard: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbrickyard: interrupted; run the same command again, it goes on from here.", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("BRICKYARD_DEBUG"):
            raise
        what = " ".join(str(error).split()) or "no message"
        print(
            f"\nbrickyard: {type(error).__name__}: {what}\nRun the same command again: it goes on from here. "
            "With BRICKYARD_DEBUG=1 it shows where this happened; the workspace's log is named by `make status`.",
            file=sys.stderr,
        )
        return 1


def _reach_this_machine() -> None:
    """No proxy on the way to the local workspace."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1,localhost")))


def _forget_sign_ins() -> None:
    """A command for `local` must not meet the sign-in of another workspace."""
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        del os.environ[name]


def _up(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.up import up

    up(clone, screen, port=options.port, provider=options.provider)


def _down(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.down import down

    down(clone, screen, force=options.force)


def _start(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.lock import only_one
    from brickyard.up import prepare

    with only_one(clone, "start"):
        prepare(clone, screen, port=options.port, provider=options.provider)


def _stop(_options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard_local import process

    with screen.step("Stop the local workspace") as step:
        step.done("its state stays" if process.stop(clone.home) else "it was not running")


def _status(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.status import read_status, show

    status = read_status(clone)
    if options.json:
        print(status.as_json())
    else:
        show(status, screen)
    if not status.workspace["running"] and status.stacks:
        raise NotUp("The local workspace does not run. Start it: `pipenv run brickyard start`.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="brickyard", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    up = verbs.add_parser("up", help="deploy `local`, run the ML workflow, answer a REST request")
    up.set_defaults(run=_up)
    start = verbs.add_parser("start", help="start the local workspace only, for cdktf by hand")
    start.set_defaults(run=_start)
    for verb in (up, start):
        verb.add_argument("--port", type=port, help="the workspace's port (default: chosen once, then kept)")
        verb.add_argument("--provider", choices=("genuine", "offline"), help="the Databricks provider (default: found)")
    stop = verbs.add_parser("stop", help="stop the local workspace, keep its state")
    stop.set_defaults(run=_stop)
    down = verbs.add_parser("down", help="destroy `local` by Terraform, stop everything, leave nothing behind")
    down.add_argument("--force", action="store_true", help="remove it even when Terraform cannot destroy it")
    down.set_defaults(run=_down)
    status = verbs.add_parser("status", help="what is deployed, what runs, where it answers")
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(run=_status)
    add_workspace_verbs(verbs)
    add_permissions(verbs.add_parser("permissions", help="who may do what, by role and stage; --write for docs/"))
    add_settings_verbs(verbs.add_parser("environments", help="settings: list, check, diff, schema"))
    add_verbs(verbs.add_parser("local", help="the local workspace by itself: up, down, reset, logs, snapshots"))
    verbs.add_parser("review", help=review.HELP)
    return parser


if __name__ == "__main__":
    sys.exit(main())
