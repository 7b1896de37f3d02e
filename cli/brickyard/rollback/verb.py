"""The arguments of `brickyard rollback`."""

import argparse
import sys

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The project, the environment, which version, and why."""
    parser.add_argument("project", metavar="PROJECT", nargs="?", help="default: the only one")
    parser.add_argument("--env", dest="environment", metavar="ENV", required=True)
    parser.add_argument("--to", metavar="VERSION", type=_version, help="default: the champion before this one")
    parser.add_argument("--reason", metavar="TEXT", type=_text, required=True, help="why; it is kept on both versions")
    parser.add_argument("--model", metavar="NAME", help="one of the project's models; default: its first")
    parser.add_argument("--sandbox", metavar="NAME", help="of this personal sandbox")
    parser.add_argument(
        "--unvalidated", action="store_true", help="take a version that never was champion and never passed"
    )
    parser.set_defaults(run=_run, any_environment=True)


def _version(text: str) -> str:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: a version is a number, such as 3")
    return text


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("say why: others will ask")
    return text.strip()


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    # The pipelines are a wheel of jobs, and not installed beside this command: their source stands in the clone.
    sys.path.insert(0, str(clone.root / "pipelines"))
    from brickyard.rollback.rollback import Asked, roll_back

    asked = Asked(
        project=options.project,
        environment=options.environment,
        to=options.to,
        reason=options.reason,
        model=options.model,
        sandbox=options.sandbox,
        unvalidated=options.unvalidated,
    )
    roll_back(clone, screen, asked)
