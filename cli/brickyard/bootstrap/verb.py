"""The arguments of `brickyard bootstrap`."""

import argparse

from brickyard.clone import Clone
from brickyard.errors import CannotBootstrap
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The environment, whom to trust, and whether to look only."""
    parser.add_argument("environment", metavar="ENV")
    parser.add_argument("--dry-run", action="store_true", help="print every call and make none; status 1 if any is due")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--issuer", help="whose tokens sign in: https://vstoken.dev.azure.com/… or GitHub's")
    parser.add_argument("--plan-subject", help="the subject of the plan's pipeline, as p://org/project/pipeline")
    parser.add_argument("--apply-subject", help="the subject of the apply's pipeline")
    parser.add_argument("--audience", help="whom the token is for (default: the issuer's own, else the account's id)")
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    from brickyard.bootstrap.bootstrap import bootstrap
    from brickyard.bootstrap.identities import Trust

    subjects = (options.plan_subject, options.apply_subject)
    if (options.issuer is None) != (subjects == (None, None)):
        raise CannotBootstrap("--issuer goes with --plan-subject or --apply-subject, and they with it.")
    if options.issuer is not None and options.plan_subject == options.apply_subject:
        raise CannotBootstrap(
            "One subject for both would let the plan's pipeline apply: give the two pipelines subjects of their own."
        )
    trust = Trust(
        issuer=options.issuer,
        plan_subject=options.plan_subject,
        apply_subject=options.apply_subject,
        audience=options.audience,
    )
    return bootstrap(clone, screen, options.environment, trust=trust, dry_run=options.dry_run, yes=options.yes)
