"""The arguments of `brickyard plan`, `apply` and `plan-key`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard.bundle.order import DEFAULT_PARTS, PARTS
from brickyard.clone import Clone
from brickyard.review import add_judgement, judgement
from brickyard.screen import Screen

if TYPE_CHECKING:
    from brickyard_review import Settings

_POLICY = Path("ci/review-policy.yaml")


def add_plan(parser: argparse.ArgumentParser) -> None:
    """What to plan, for whom to seal it, and how to judge it."""
    add = parser.add_argument
    add("environment", metavar="ENV")
    add("--out", type=Path, metavar="FOLDER", help="the bundle's (default: .brickyard/bundles/ENV)")
    add(
        "--only",
        choices=PARTS,
        action="append",
        metavar="PART",
        help="account, platform or projects (default: the last two)",
    )
    add("--preview", action="store_true", help="review only, and keep no plan: for pull requests")
    add("--destroy", action="store_true", help="plan that everything goes; applied like any other bundle")
    add(
        "--no-refresh",
        action="store_true",
        help="what the commit changes, without looking for drift; always so with BRICKYARD_SIGN_IN=plan",
    )
    add("--recipient", metavar="age1…", help="the public key of who applies; `local` has one of its own")
    add_judgement(parser)
    parser.set_defaults(run=_plan, any_environment=True)


def add_apply(parser: argparse.ArgumentParser) -> None:
    """Which bundle, and what was approved."""
    parser.add_argument("bundle", type=Path, metavar="FOLDER")
    text = "the digest that `brickyard plan` told and somebody approved"
    parser.add_argument("--approved", metavar="sha256:…", required=True, help=text)
    parser.add_argument("--env", dest="environment", metavar="ENV", help="refuse a bundle of any other environment")
    text = "apply a plan that everything goes, which is refused otherwise"
    parser.add_argument("--destroy", action="store_true", help=text)
    parser.set_defaults(run=_apply, any_environment=True)


def add_plan_key(parser: argparse.ArgumentParser) -> None:
    """Where the key goes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="gets the secret half, readable by you alone")
    parser.set_defaults(run=_plan_key, any_environment=True)


def _plan(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    import os

    from brickyard.bundle.plan import Asked, plan
    from brickyard.review import poster
    from brickyard_stacks.planning import SIGN_IN_VARIABLE

    if options.policy is None and (clone.root / _POLICY).is_file():
        options.policy = clone.root / _POLICY
    only_reads = os.environ.get(SIGN_IN_VARIABLE) == "plan"
    asked = Asked(
        environment=options.environment,
        parts=options.only or DEFAULT_PARTS,
        out=options.out or clone.state / "bundles" / options.environment,
        preview=options.preview,
        destroy=options.destroy,
        refresh=not (options.no_refresh or only_reads),
        recipient=options.recipient,
        settings=_as_asked(judgement(options)) if options.destroy else judgement(options),
        poster=poster(options) if options.post else None,
    )
    try:
        return plan(clone, screen, asked)
    except Exception:
        if asked.poster is not None:  # an earlier, better review may not stand; the reason may quote what is secret
            asked.poster.post_failure("The plan failed: the log of this run says why.")
        raise


def _as_asked(settings: "Settings") -> "Settings":
    """That data goes is what a plan to destroy is for: it is shown and approved, and a team's own word still counts.

    Where data is protected (`deletion_protection`), no such plan becomes a bundle at all.
    """
    from dataclasses import replace

    from brickyard_review import Severity

    severities = {"data-destroyed": Severity.DANGER, **settings.policy.severities}
    return replace(settings, policy=settings.policy.model_copy(update={"severities": severities}))


def _apply(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    from brickyard.bundle.apply import Asked, apply

    asked = Asked(
        bundle=options.bundle,
        approved=options.approved,
        environment=options.environment,
        destroy=options.destroy,
    )
    apply(clone, screen, asked)


def _plan_key(options: argparse.Namespace, _clone: Clone, screen: Screen) -> None:
    from brickyard.bundle.sealing import new_key

    public = new_key(options.file)
    print(public)
    screen.line(
        f"The secret half is in {options.file}: put it where only the applying job reads it, then delete the file."
    )
