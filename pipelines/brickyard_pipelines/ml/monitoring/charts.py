"""Lines over windows as SVG: no script, no outside file. Pure."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 620, 200, 56, 26, 12
_MOST_LABELS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A value per window, None where there is none, with bounds where it is an estimate."""

    name: str
    color: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    dashed: bool = False


def chart(title: str, windows: Sequence[str], lines: Sequence[Line], limit: float | None = None) -> str:
    """A figure with its legend; empty when no line has a value.

    >>> chart("none", ["2013-01"], [Line(name="a", color="red", values=[None])])
    ''
    """
    shown = [line for line in lines if any(value is not None for value in line.values)]
    known = [v for line in shown for part in (line.values, line.low, line.high) for v in part if v is not None]
    if not known:
        return ""
    scale = _Scale.of([*known, *([limit] if limit is not None else [])], len(windows))
    parts = [scale.grid(windows), *(_band(scale, line) for line in shown), *(_line(scale, line) for line in shown)]
    if limit is not None:
        y = scale.y(limit)
        parts.append(
            f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{y:.1f}' y2='{y:.1f}' stroke='#a3261b' stroke-width='1.2'/>"
        )
        parts.append(f"<text x='{_WIDTH - 4}' y='{y - 4:.1f}' text-anchor='end' fill='#a3261b'>limit {limit:g}</text>")
    legend = " ".join(
        f"<span style='color:{line.color}'>{_mark(line)} {html.escape(line.name)}</span>" for line in shown
    )
    view = f"viewBox='0 0 {_WIDTH + 8} {_HEIGHT + _BOTTOM}' width='{_WIDTH}' role='img' font-size='11'"
    name = html.escape(title)
    return (
        f"<figure><figcaption><b>{name}</b> &nbsp; {legend}</figcaption>"
        f"<svg {view} aria-label='{name}' font-family='system-ui,sans-serif'>{''.join(parts)}</svg></figure>"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    low: float
    high: float
    windows: int

    @classmethod
    def of(cls, values: Sequence[float], windows: int) -> "_Scale":
        low, high = min(values), max(values)
        margin = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        bottom = 0.0 if 0 <= low < (high - low) else low - margin  # from zero where that costs little room
        return cls(low=bottom, high=high + margin, windows=windows)

    def x(self, window: int) -> float:
        return _LEFT + (window + 0.5) * (_WIDTH - _LEFT) / self.windows

    def y(self, value: float) -> float:
        return _TOP + (self.high - value) / (self.high - self.low) * (_HEIGHT - _TOP)

    def grid(self, windows: Sequence[str]) -> str:
        parts = []
        for value in _ticks(self.low, self.high):
            y = self.y(value)
            parts.append(f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{y:.1f}' y2='{y:.1f}' stroke='#e3e8ee'/>")
            parts.append(f"<text x='{_LEFT - 6}' y='{y + 4:.1f}' text-anchor='end' fill='#5a6675'>{value:g}</text>")
        every = math.ceil(len(windows) / _MOST_LABELS)
        for n, window in enumerate(windows):
            if n % every == 0:
                at = f"x='{self.x(n):.1f}' y='{_HEIGHT + 17}'"
                parts.append(f"<text {at} text-anchor='middle' fill='#5a6675'>{html.escape(window)}</text>")
        return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Four to nine round values between the two.

    >>> _ticks(0.38, 0.62)
    [0.4, 0.45, 0.5, 0.55, 0.6]
    """
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _line(scale: _Scale, line: Line) -> str:
    """Joined where windows follow each other; every window's value is a dot that tells it."""
    dash = " stroke-dasharray='5 4'" if line.dashed else ""
    path, pen = "", "M"
    dots = []
    for n, value in enumerate(line.values):
        if value is None:
            pen = "M"
            continue
        at = (scale.x(n), scale.y(value))
        path += f"{pen}{at[0]:.1f} {at[1]:.1f}"
        pen = "L"
        dots.append(
            f"<circle cx='{at[0]:.1f}' cy='{at[1]:.1f}' r='3' fill='{line.color}'>"
            f"<title>{html.escape(line.name)}: {value:.4g}</title></circle>"
        )
    return f"<path d='{path}' fill='none' stroke='{line.color}' stroke-width='2'{dash}/>{''.join(dots)}"


def _band(scale: _Scale, line: Line) -> str:
    known = [
        (n, low, high)
        for n, (low, high) in enumerate(zip(line.low, line.high, strict=True))
        if low is not None and high is not None
    ]
    above = " ".join(f"{scale.x(n):.1f},{scale.y(high):.1f}" for n, _, high in known)
    below = " ".join(f"{scale.x(n):.1f},{scale.y(low):.1f}" for n, low, _ in reversed(known))
    return f"<polygon points='{above} {below}' fill='{line.color}' opacity='0.15'/>" if known else ""


def _mark(line: Line) -> str:
    return "┅" if line.dashed else "━"
