"""The blocks of one stack, in the order in which a reviewer asks: what is dangerous, who loses access, what goes."""

from collections.abc import Iterable, Iterator

from brickyard_review.model import Action, Change, Finding, Severity, StackReview
from brickyard_review.render.markdown.budget import Block
from brickyard_review.render.markdown.escaping import code, link, pre, text
from brickyard_review.render.picture import tree
from brickyard_review.render.words import DONE, SEVERITY_SIGNS, SIGNS, money, value

_MAX_LINE = 160
_FOLD_END = "\n</details>\n"


def stack_blocks(stack: StackReview) -> Iterator[Block]:
    """Every block of a stack; empty ones are left out."""
    yield _heading(stack)
    serious = [f for f in stack.findings if f.waived is None and f.severity.rank >= Severity.DANGER.rank]
    lesser = [f for f in stack.findings if f.waived is None and f.severity.rank < Severity.DANGER.rank]
    waived = [f for f in stack.findings if f.waived is not None]
    blocks = [
        _table(1, "Dangers", ("", "What happens", "Where", "What to do"), map(_finding, serious), "dangers"),
        _table(2, "Needs care", ("", "What happens", "Where", "What to do"), map(_finding, lesser), "findings"),
        _table(3, "Access", ("Who", "On what", "Loses", "Gains", "Route"), _access(stack), "access changes"),
        _table(3, "Overwritten on create", ("On what", "Is listed", "Is lost"), _overwrites(stack), "overwrites"),
        _table(3, "Destroyed and replaced", ("", "Object", "Why", "Depend on it"), _gone(stack), "destroyed objects"),
        _picture(stack),
        _table(4, f"Cost: {_money(stack)}", ("Object", "Before", "After", "Basis"), _costs(stack), "costs"),
        _fold(5, "Changed", ("Object", "What changes", "Address"), _changed(stack, Action.UPDATE), "changed objects"),
        _fold(6, "Changed outside of Terraform", ("Object", "What", "Address"), _drift(stack), "drifted objects"),
        _fold(6, "Outputs", ("Output", "Before", "After"), _outputs(stack), "outputs"),
        _fold(6, "Moved, imported, forgotten", ("Object", "What", "Address"), _handed(stack), "moves and imports"),
        _fold(6, "Deferred", ("Address", "Action", "Reason"), _deferred(stack), "deferred changes"),
        _fold(7, "Created", ("Object", "Address"), _created(stack), "created objects"),
        _fold(8, "Every attribute", ("Address", "Attribute", "Before", "After"), _attributes(stack), "attributes"),
        _fold(9, "Waived", ("What", "Until", "Reason"), _waived(waived), "waived findings"),
        _list(4, "What this review cannot see", [f"{text(g.subject)}: {text(g.message)}" for g in stack.gaps], "gaps"),
        _fold(5, "Why these findings", ("Rule", "Why"), _reasons([*serious, *lesser]), "explanations"),
    ]
    yield from (block for block in blocks if block.rows)


def _heading(stack: StackReview) -> Block:
    lines = [f"### {SIGNS[stack.verdict]} {text(stack.name)}: {stack.verdict}", "", text(stack.headline)]
    lines += [f"- {text(one.reason)} {text(one.fix)}" for one in stack.undecided[1:]]
    hidden = f" {stack.masked} values are withheld." if stack.masked else ""
    lines += ["", f"<sub>{stack.counts.unchanged} unchanged.{hidden}</sub>", ""]
    return Block(priority=0, head="", rows=("\n".join(lines),), what="stacks")


def _table(priority: int, title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], what: str) -> Block:
    head = f"\n**{title}**\n\n{_row(columns)}\n{_row(('---',) * len(columns))}\n"
    return Block(priority=priority, head=head, rows=tuple(_row(row) for row in rows), what=what)


def _fold(priority: int, title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], what: str) -> Block:
    found = tuple(_row(row) for row in rows)
    head = f"\n<details><summary>{title} ({len(found)})</summary>\n\n{_row(columns)}\n{_row(('---',) * len(columns))}\n"
    return Block(priority=priority, head=head, rows=found, what=what, foot=_FOLD_END)


def _list(priority: int, title: str, rows: list[str], what: str) -> Block:
    head = f"\n<details><summary>{title} ({len(rows)})</summary>\n\n"
    return Block(priority=priority, head=head, rows=tuple(f"- {row}" for row in rows), what=what, foot=_FOLD_END)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _finding(finding: Finding) -> tuple[str, ...]:
    place = "<br>".join(filter(None, (code(finding.address or ""), _place(finding))))
    rule = f"<sub>{finding.rule} · {finding.id}</sub>"
    return SEVERITY_SIGNS[finding.severity], f"{text(finding.message)}<br>{rule}", place, text(finding.fix)


def _place(of: Finding | Change) -> str:
    places = (text(of.construct or ""), link(of.source, of.source_url) if of.source else "")
    return " · ".join(filter(None, places))


def _access(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for access in stack.access:
        route = "; ".join(part for part in (access.via, access.note) if part)
        loses = f"**{text(', '.join(access.lost))}**" if access.lost else ""
        yield code(access.principal), code(access.securable), loses, text(", ".join(access.gained)), text(route)


def _overwrites(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for overwrite in stack.overwrites:
        lost = "not known: the live state was not read" if overwrite.live is None else "; ".join(overwrite.live)
        yield code(overwrite.securable), text("; ".join(overwrite.listed)), text(lost or "nothing")


def _gone(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for change in stack.changes:
        if change.action in (Action.DELETE, Action.REPLACE):
            why = f"forced by {', '.join(change.forced_by)}" if change.forced_by else change.reason or ""
            yield DONE[change.action], _object(change), text(why), str(change.dependents or "")


def _object(change: Change) -> str:
    place = _place(change)
    return f"{text(change.title)}<br>{code(change.address)}" + (f"<br>{place}" if place else "")


def _picture(stack: StackReview) -> Block:
    lines = list(tree(stack.blast))
    body = (pre([line[:_MAX_LINE] for line in lines]),) if lines else ()
    head = f"\n<details><summary>What is built on it ({len(lines)})</summary>\n\n"
    return Block(priority=5, head=head, rows=body, what="pictures", foot=_FOLD_END)


def _money(stack: StackReview) -> str:
    return money(stack.cost) if stack.cost else ""


def _costs(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for cost in stack.cost.changes if stack.cost else ():
        yield text(cost.title), f"{cost.before:,.2f}", f"{cost.after:,.2f}", text(cost.basis)


def _changed(stack: StackReview, action: Action) -> Iterator[tuple[str, ...]]:
    for change in stack.changes:
        if change.action is action:
            yield text(change.title), _words(change), code(change.address)


def _words(change: Change) -> str:
    if change.sentences:
        return "<br>".join(text(sentence) for sentence in change.sentences)
    paths = [attribute.path for attribute in change.attributes]
    return text(", ".join(paths[:6])) + (f" and {len(paths) - 6} more" if len(paths) > 6 else "")


def _drift(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for change in stack.drift:
        gone = "was deleted" if change.action is Action.DELETE else _words(change)
        yield text(change.title), gone, code(change.address)


def _outputs(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for output in stack.outputs:
        yield code(output.name), code(value(output.before)), code(value(output.after))


def _handed(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for change in stack.changes:
        said = []
        if change.previous_address:
            said.append(f"moved from {code(change.previous_address)}")
        if change.import_id:
            said.append(f"imported: {code(change.import_id)}")
        if change.action is Action.FORGET:
            said.append("forgotten: it stays where it is, and nobody manages it")
        if said:
            yield text(change.title), "<br>".join(said), code(change.address)


def _deferred(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for deferred in stack.deferred:
        yield code(deferred.address), str(deferred.action), text(deferred.reason)


def _created(stack: StackReview) -> Iterator[tuple[str, ...]]:
    return ((text(c.title), code(c.address)) for c in stack.changes if c.action is Action.CREATE)


def _attributes(stack: StackReview) -> Iterator[tuple[str, ...]]:
    for change in stack.changes:
        if change.action in (Action.UPDATE, Action.REPLACE):
            for attribute in change.attributes:
                path = f"{code(attribute.path)}{' (forces)' if attribute.forces_replacement else ''}"
                yield code(change.address), path, code(value(attribute.before)), code(value(attribute.after))
            if change.attributes_left_out:
                yield code(change.address), f"and {change.attributes_left_out} more", "", ""


def _waived(findings: list[Finding]) -> Iterator[tuple[str, ...]]:
    for finding in findings:
        if finding.waived:
            yield text(finding.message), finding.waived.expires, text(finding.waived.reason)


def _reasons(findings: list[Finding]) -> Iterator[tuple[str, ...]]:
    return ((rule, text(why)) for rule, why in dict.fromkeys((finding.rule, finding.why) for finding in findings))
