"""The arguments of `brickyard doctor`."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The environment, and for whom the answer is."""
    parser.add_argument("environment", metavar="ENV")
    parser.add_argument("--json", action="store_true", help="for programs")
    text = "what another may do, asked with an administrator's sign-in: a user's name or an application id"
    parser.add_argument("--principal", metavar="NAME", help=text)
    text = "sign in as who applies the platform's stack (platform.auth), not as who applies the projects'"
    parser.add_argument("--platform", action="store_true", help=text)
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.doctor.doctor import doctor

    asked = {"as_json": options.json, "principal": options.principal, "platform": options.platform}
    return doctor(clone, screen, options.environment, **asked)
