"""Texts of plans in Markdown: nothing in them is formatting, HTML, a mention, or a link."""

import html
import re

_FORMATTING = re.compile(r"[\\`*\[\]#|~$<>&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LIVE = re.compile(r"(@|#(?=\d)|:(?=//)|www(?=\.))")
_URL = re.compile(r"https://[!#$%&+,\-./:=?@\w~]+", re.ASCII)
_MAX_TEXT, _MAX_CODE = 600, 300
_BREAK = "\u200b"  # a space of no width: `@team` notifies nobody, a URL is no link


def text(value: str) -> str:
    """A sentence that may hold values of a plan."""
    return _entities(_LIVE.sub(rf"\1{_BREAK}", _one_line(value, _MAX_TEXT)))


def code(value: str) -> str:
    """A value or an address in type; within it, hosts look for neither mentions nor links."""
    return f"<code>{_entities(_one_line(value, _MAX_CODE))}</code>" if value else ""


def link(shown: str, url: str | None) -> str:
    """A text that leads to a page of ours; the page's address cannot end the link."""
    return f"[{text(shown)}](<{url}>)" if url and _URL.fullmatch(url) else text(shown)


def pre(lines: list[str]) -> str:
    """Lines as they stand."""
    return "<pre>" + "\n".join(html.escape(line) for line in lines) + "</pre>"


def _entities(value: str) -> str:
    return _FORMATTING.sub(lambda found: f"&#{ord(found[0])};", value)


def _one_line(value: str, limit: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in value[: 2 * limit]).split())
    return line if len(line) <= limit else f"{line[:limit]}…"
