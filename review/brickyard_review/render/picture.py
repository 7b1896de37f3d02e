"""What depends on what goes, as a picture: a tree in text, Mermaid's language, or SVG."""

from collections import defaultdict
from collections.abc import Iterator
from html import escape

from brickyard_review.model import Action, Blast, GraphNode

_BOX_WIDTH, _BOX_HEIGHT, _GAP_X, _GAP_Y = 300, 34, 70, 14
_CHARACTERS = 40
_COLORS = {
    Action.DELETE: ("#ffd7d5", "#cf222e"),
    Action.REPLACE: ("#ffd7d5", "#cf222e"),
    Action.FORGET: ("#fff8c5", "#9a6700"),
    Action.UPDATE: ("#fff8c5", "#9a6700"),
    Action.CREATE: ("#dafbe1", "#1a7f37"),
}
_PLAIN = ("#f6f8fa", "#57606a")


def tree(blast: Blast) -> Iterator[str]:
    """Lines of a tree: each node once, below the first thing that it depends on."""
    children = _children(blast)
    for node in blast.nodes:
        if node.depth == 0:
            yield _label(node)
            yield from _branches(node.address, children, "")
    if blast.left_out:
        yield f"… and {blast.left_out} more"


def _branches(address: str, children: dict[str, list[GraphNode]], indent: str) -> Iterator[str]:
    below = children.get(address, [])
    for position, node in enumerate(below, 1):
        last = position == len(below)
        yield f"{indent}{'└─ ' if last else '├─ '}{_label(node)}"
        yield from _branches(node.address, children, indent + ("   " if last else "│  "))


def _children(blast: Blast) -> dict[str, list[GraphNode]]:
    depths = {node.address: node.depth for node in blast.nodes}
    children: dict[str, list[GraphNode]] = defaultdict(list)
    for node in blast.nodes:
        above = [edge.origin for edge in blast.edges if edge.dependent == node.address]
        parent = next((origin for origin in above if depths.get(origin) == node.depth - 1), None)
        if parent is not None:
            children[parent].append(node)
    return children


def _label(node: GraphNode) -> str:
    return node.address if node.action is Action.NO_OP else f"{node.address}  ({node.action})"


def mermaid(blast: Blast) -> str:
    """The graph in Mermaid's language; addresses are escaped, for plans come from others."""
    numbers = {node.address: f"n{number}" for number, node in enumerate(blast.nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {numbers[node.address]}["{_entities(_label(node))}"]' for node in blast.nodes]
    lines += [f"  {numbers[edge.origin]} --> {numbers[edge.dependent]}" for edge in blast.edges]
    return "\n".join(lines)


def _entities(text: str) -> str:
    return "".join(c if c.isalnum() or c in " ._-()" else f"#{ord(c)};" for c in text)


def svg(blast: Blast) -> str:
    """The graph as an image of its own: what goes on the left, what depends on it to the right."""
    places = _places(blast)
    width = max((x for x, _ in places.values()), default=0) + _BOX_WIDTH + 2
    height = max((y for _, y in places.values()), default=0) + _BOX_HEIGHT + 2
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="What depends on what goes" font-family="system-ui, sans-serif" font-size="12">'
    )
    parts = [_line(places[edge.origin], places[edge.dependent]) for edge in blast.edges]
    parts += [_box(node, places[node.address]) for node in blast.nodes]
    return "".join([opening, *parts, "</svg>"])


def _places(blast: Blast) -> dict[str, tuple[int, int]]:
    rows: dict[int, int] = defaultdict(int)
    places = {}
    for node in blast.nodes:
        places[node.address] = (node.depth * (_BOX_WIDTH + _GAP_X) + 1, rows[node.depth] * (_BOX_HEIGHT + _GAP_Y) + 1)
        rows[node.depth] += 1
    return places


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + _BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}" fill="none" stroke="#8c959f"/>'


def _box(node: GraphNode, place: tuple[int, int]) -> str:
    fill, stroke = _COLORS.get(node.action, _PLAIN)
    x, y = place
    label = _label(node)
    short = label if len(label) <= _CHARACTERS else f"…{label[-_CHARACTERS:]}"
    return (
        f'<g><title>{escape(label)}</title><rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6" '
        f'fill="{fill}" stroke="{stroke}"/><text x="{x + 10}" y="{y + 21}" fill="#1f2328">{escape(short)}</text></g>'
    )
