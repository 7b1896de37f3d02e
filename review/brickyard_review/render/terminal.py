"""A review on a terminal: the verdict, what is dangerous, who loses access, what goes, what changes."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from brickyard_review.model import Action, Change, Review, Severity, StackReview, Verdict
from brickyard_review.render.picture import tree
from brickyard_review.render.words import DONE, SEVERITY_SIGNS, SIGNS, money, value

_STYLES = {
    Verdict.BLOCKED: "bold white on red",
    Verdict.DANGEROUS: "bold red",
    Verdict.CARE: "bold yellow",
    Verdict.ROUTINE: "bold green",
    Verdict.NO_CHANGE: "dim",
}
_ACTION_STYLES = {Action.DELETE: "red", Action.REPLACE: "red", Action.FORGET: "yellow", Action.CREATE: "green"}
_MAX_LINES = 60
_MAX_DETAILS = 25


def print_review(review: Review, console: Console, *, details: bool = False) -> None:
    """Print every stack, worst first. Texts of plans are never read as markup; `details` prints every attribute."""
    for stack in review.stacks:
        _print_stack(stack, console, details=details)
    if len(review.stacks) != 1:
        _say(console, f"{SIGNS[review.verdict]} {review.verdict}: ", review.headline, _STYLES[review.verdict])


def _print_stack(stack: StackReview, console: Console, *, details: bool) -> None:
    _say(
        console,
        f"{SIGNS[stack.verdict]} {_plain(stack.name)}: {stack.verdict}. ",
        stack.headline,
        _STYLES[stack.verdict],
    )
    for undecided in stack.undecided[1:]:
        _say(console, "  ", f"{undecided.reason} {undecided.fix}", "red")
    for table in (_findings(stack), _access(stack), _changes(stack), _drift(stack), _outputs(stack), _costs(stack)):
        if table.row_count:
            console.print(table)
    _print_tree(stack, console)
    if details:
        _print_attributes(stack, console)
    for gap in stack.gaps:
        _say(console, "  not seen: ", f"{gap.subject}: {gap.message}", "dim")
    hidden = f"{stack.masked} values withheld, " if stack.masked else ""
    _say(console, "  ", f"{hidden}{stack.counts.unchanged} resources unchanged", "dim")
    console.print()


def _say(console: Console, head: str, rest: str, style: str) -> None:
    console.print(Text(head, style=style) + Text(_plain(rest)), highlight=False)


def _plain(text: str) -> str:
    """Without control characters: a plan does not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(column, header_style="dim", overflow="fold")
    return table


def _fill(table: Table, rows: Iterator[tuple[str, ...]], limit: int = _MAX_LINES) -> Table:
    left = 0
    for number, row in enumerate(rows):
        if number < limit:
            table.add_row(*(Text(_plain(cell)) for cell in row))
        else:
            left += 1
    if left:
        table.add_row(Text(f"… {left} more"))
    return table


def _findings(stack: StackReview) -> Table:
    rows = (
        (
            SEVERITY_SIGNS[finding.severity],
            finding.message + (f" (waived until {finding.waived.expires})" if finding.waived else ""),
            finding.construct or finding.address or "",
            finding.fix if finding.severity.rank >= Severity.DANGER.rank else "",
            finding.id,
        )
        for finding in stack.findings
    )
    return _fill(_table("Findings", "", "What happens", "Where", "What to do", "Id"), rows)


def _access(stack: StackReview) -> Table:
    rows = (
        (
            access.principal,
            access.securable,
            ", ".join(access.lost),
            ", ".join(access.gained),
            access.via or access.note or "",
        )
        for access in stack.access
    )
    return _fill(_table("Access", "Who", "On what", "Loses", "Gains", "Route"), rows)


def _changes(stack: StackReview) -> Table:
    table = _table("Changes", "", "Object", "What", "Address")
    for change in stack.changes[:_MAX_LINES]:
        action = Text(DONE[change.action], style=_ACTION_STYLES.get(change.action, ""))
        table.add_row(action, *(Text(_plain(cell)) for cell in (change.title, _words(change), change.address)))
    if len(stack.changes) > _MAX_LINES:
        table.add_row(Text(f"… {len(stack.changes) - _MAX_LINES} more"))
    return table


def _words(change: Change) -> str:
    said = list(change.sentences)
    if change.previous_address:
        said.append(f"moved from {change.previous_address}")
    if change.import_id:
        said.append(f"imported: {change.import_id}")
    if change.forced_by:
        said.append(f"forced by {', '.join(change.forced_by)}")
    elif change.reason:
        said.append(change.reason)
    if not said and change.action is Action.UPDATE:
        said = [attribute.path for attribute in change.attributes[:6]]
    return "; ".join(said)


def _drift(stack: StackReview) -> Table:
    rows = ((change.title, _words(change), change.address) for change in stack.drift)
    return _fill(_table("Changed outside of Terraform", "Object", "What", "Address"), rows)


def _outputs(stack: StackReview) -> Table:
    rows = ((output.name, value(output.before), value(output.after)) for output in stack.outputs)
    return _fill(_table("Outputs", "Name", "Before", "After"), rows)


def _costs(stack: StackReview) -> Table:
    title = f"Cost: {money(stack.cost)} ({stack.cost.prices})" if stack.cost else ""
    changes = stack.cost.changes if stack.cost else ()
    rows = ((cost.title, f"{cost.before:,.2f}", f"{cost.after:,.2f}", cost.basis) for cost in changes)
    return _fill(_table(_plain(title), "Object", "Before", "After", "Basis"), rows)


def _print_tree(stack: StackReview, console: Console) -> None:
    lines = list(tree(stack.blast))
    if lines:
        console.print(Text("What is built on it", style="bold"))
        for line in lines[:_MAX_LINES]:
            console.print(Text(f"  {_plain(line)}"), highlight=False)


def _print_attributes(stack: StackReview, console: Console) -> None:
    for change in stack.changes:
        if change.attributes and change.action in (Action.UPDATE, Action.REPLACE):
            rows = ((a.path, value(a.before), value(a.after)) for a in change.attributes)
            console.print(_fill(_table(_plain(change.address), "Attribute", "Before", "After"), rows, _MAX_DETAILS))
