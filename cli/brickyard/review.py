"""`brickyard review`: plans in, a verdict out. Works in any folder, for any Terraform or OpenTofu project."""

import argparse
import datetime as dt
import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from brickyard.whole_file import write_whole

if TYPE_CHECKING:
    from brickyard.review_post import Poster
    from brickyard_review import PlanFile, Review, Settings
    from brickyard_review.analyses.access.overwrites import LiveAccess

HELP = "review Terraform plans: what is dangerous, who loses access, what it costs"
_UNDECIDED = 3
_WIDTH = 160  # of a log, which says none
_NO_NAME = ("plan", "tfplan", "plan.out", "tfplan.out", "p", "plan.tf")
_ENDS = """exit status: 0 nothing at the threshold; 2 findings at or above it; 3 could not decide (unreadable,
incomplete, newer format, wrong usage): never a pass by accident."""


class _Parser(argparse.ArgumentParser):
    """A wrong command line ends with 3: argparse's own 2 would mean findings."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_UNDECIDED, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str]) -> int:
    """The exit status. What goes wrong unforeseen is not decided either; its text may quote a plan and is not shown."""
    from brickyard_review.errors import ReviewError

    options = _parser().parse_args(arguments)
    gc.disable()  # what a plan becomes has no cycles, and walking it again and again is a third of the time
    try:
        return _review(options)
    except ReviewError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
    except Exception as error:
        if os.environ.get("BRICKYARD_DEBUG"):
            raise
        reason = f"no verdict, by a fault of its own ({type(error).__name__})."
    print(f"brickyard review: {reason}", file=sys.stderr)
    _post_failure(options, reason)
    return _UNDECIDED


def _post_failure(options: argparse.Namespace, reason: str) -> None:
    from brickyard_review.posting.post import CannotPost

    if options.post is None:
        return
    try:
        poster(options).post_failure(reason)
    except CannotPost as error:
        print(f"brickyard review: nor was this posted: {error}", file=sys.stderr)


def _parser() -> _Parser:
    parser = _Parser(prog="brickyard review", description=HELP, epilog=_ENDS)
    add = parser.add_argument
    add("plans", nargs="*", metavar="[STACK=]PLAN", help="JSON of `terraform show -json PLAN`; - reads standard input")
    add("--format", choices=("terminal", "md", "html", "json"), default="terminal")
    add("--out", type=Path, metavar="FILE", help="write to this file instead")
    add_judgement(parser)
    add("--limit", type=int, default=65_536, help="most characters of Markdown (Azure DevOps takes 150000)")
    add("--details", action="store_true", help="every attribute, on the terminal")
    add("--check-rules", action="store_true", help="run the examples of every rule instead of a review")
    add("--schema", action="store_true", help="print the JSON schema of --format json instead of a review")
    return parser


def add_judgement(parser: argparse.ArgumentParser) -> None:
    """What a review goes by, and where it is posted."""
    add = parser.add_argument
    add("--threshold", choices=("note", "care", "danger", "block"), default="danger", help="default: danger")
    add("--policy", type=Path, metavar="FILE", help="a team's severities, rules and waivers")
    add("--rules", type=Path, metavar="FOLDER", action="append", default=[], help="rules of your own")
    add("--prices", type=Path, metavar="FILE", help="prices by size: shows the change of the run rate")
    add("--post", choices=("azure-devops", "github"), help="comment on the pull request that this pipeline runs for")
    add("--key", default="plan", help="which comment of the pull request this is, e.g. the environment")
    add("--live", action="store_true", help="read what access stands now, as the principal that is signed in")


def _review(options: argparse.Namespace) -> int:
    if options.schema:
        from brickyard_review.render.as_json import schema_text

        print(schema_text(), end="")
        return 0
    settings = judgement(options)
    if options.check_rules:
        return _check(settings)
    if not options.plans:
        print("brickyard review: name at least one plan's JSON.", file=sys.stderr)
        return _UNDECIDED
    from brickyard_review import review_plans

    made = review_plans([_plan(named) for named in options.plans], settings)
    _show(made, options)
    if options.post:
        poster(options).post(made)
    return made.exit_code


def poster(options: argparse.Namespace) -> "Poster":
    """Where `--post` leads. Errors: CannotPost."""
    from brickyard.review_post import Poster

    return Poster(options.post, options.key)


def judgement(options: argparse.Namespace) -> "Settings":
    """What the review goes by. Errors: ReviewError, of rules, policies and prices that are wrong."""
    from brickyard_review import Settings, Severity
    from brickyard_review.analyses.prices import read_prices
    from brickyard_review.rules.findings import check_policy
    from brickyard_review.rules.loading import load_rules
    from brickyard_review.rules.policy import Policy, read_policy

    policy = read_policy(options.policy) if options.policy else Policy()
    rules = load_rules([*options.rules, *policy.rules])
    check_policy(policy, rules)
    return Settings(
        rules=rules,
        policy=policy,
        prices=read_prices(options.prices) if options.prices else None,
        live=_live() if options.live else None,
        threshold=Severity(options.threshold),
        today=dt.datetime.now(tz=dt.UTC).date(),
    )


def _live() -> "LiveAccess":
    from brickyard.live_access import WorkspaceAccess

    return WorkspaceAccess.signed_in()


def _check(settings: "Settings") -> int:
    from brickyard_review.rule_examples import failures

    wrong = [failure for rule in settings.rules for failure in failures(rule)]
    for failure in wrong:
        print(failure, file=sys.stderr)
    print(f"{len(settings.rules)} rules, {len(wrong)} failures")
    return _UNDECIDED if wrong else 0


def _plan(named: str) -> "PlanFile":
    """`stack=file`, or a file named after its stack, or lying in the stack's folder."""
    from brickyard.source_links import repository_of
    from brickyard_review import PlanFile, plan_file
    from brickyard_review.sources import read_sources

    stack, equals, name = named.partition("=")
    if not equals:
        stack, name = "", named
    if name == "-":
        return PlanFile(stack=stack or "standard input", name="-", open=lambda: sys.stdin.buffer)
    path = Path(name)
    repository = repository_of(path.parent)
    sources = read_sources(path.parent, repository.line) if repository else read_sources(path.parent)
    return plan_file(path, stack or _stack_name(path), sources)


def _stack_name(path: Path) -> str:
    stem = path.name.removesuffix(".json")
    return path.resolve().parent.name if stem in _NO_NAME else stem


def _show(made: "Review", options: argparse.Namespace) -> None:
    if options.format == "terminal" and options.out is None:
        _print(made, options, sys.stdout)
        return
    text = _text(made, options)
    if options.out is None:
        print(text)
    else:
        write_whole(options.out, text + "\n")
        print(f"{made.verdict}: {made.headline}")


def _text(made: "Review", options: argparse.Namespace) -> str:
    if options.format == "json":
        from brickyard_review.render.as_json import to_json

        return to_json(made)
    if options.format == "html":
        from brickyard_review.render.html.page import to_html

        return to_html(made)
    if options.format == "md":
        from brickyard_review.render.markdown.document import to_markdown

        return to_markdown(made, options.limit)
    file = io.StringIO()
    _print(made, options, file)
    return file.getvalue()


def _print(made: "Review", options: argparse.Namespace, file: TextIO) -> None:
    from rich.console import Console

    from brickyard_review.render.terminal import print_review

    width = None if file.isatty() else _WIDTH
    print_review(made, Console(file=file, width=width), details=options.details)
