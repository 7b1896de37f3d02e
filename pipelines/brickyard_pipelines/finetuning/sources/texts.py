"""Documents to learn as text: .txt and .md, HTML and Word files of a folder, read whole or in parts."""

import html.parser
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from brickyard_pipelines.finetuning.rows.refusals import Reason, Refusal
from brickyard_pipelines.finetuning.sources.lines import Found, decoded, lines_of, too_many_bytes

PLAIN = (".txt", ".md")
RICH = (".html", ".htm", ".docx")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def plain_text(path: Path, *, max_bytes: int) -> Iterator[Found]:
    """One document; one above `max_bytes` comes in parts cut between lines, each with its first line's number."""
    part: list[str] = []
    size, first, last = 0, 1, 0
    for line in lines_of(path, max_bytes=max_bytes):
        text = too_many_bytes(line.bytes, max_bytes) if line.text is None else decoded(line.text)
        if isinstance(text, Refusal):
            yield Found(file=str(path), line=line.number, refusal=text, bytes=line.bytes)
            continue
        if part and size + line.bytes > max_bytes:
            yield Found(file=str(path), line=first, document={"text": "".join(part)}, bytes=size)
            part, size, first, last = [], 0, line.number, line.number - 1
        # Blank lines were passed over: they part paragraphs.
        part.append("\n" * (line.number - last - 1) + text + "\n" if part else text + "\n")
        size, last = size + line.bytes, line.number
    if part:
        yield Found(file=str(path), line=first, document={"text": "".join(part)}, bytes=size)


def rich_text(path: Path, *, max_bytes: int) -> Iterator[Found]:
    """The text of an HTML or Word document."""
    size = path.stat().st_size
    if size > max_bytes:
        yield Found(file=str(path), line=1, refusal=too_many_bytes(size, max_bytes), bytes=size)
        return
    text = _word(path, max_bytes) if path.suffix == ".docx" else _page(path)
    if isinstance(text, Refusal):
        yield Found(file=str(path), line=1, refusal=text, bytes=size)
    else:
        yield Found(file=str(path), line=1, document={"text": text}, bytes=size)


class _Page(html.parser.HTMLParser):
    """What a reader of the page sees: neither scripts nor styles."""

    _HIDDEN = ("script", "style", "template", "noscript")
    _BLOCKS = ("p", "div", "li", "tr", "br", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "dt", "dd")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 the parser's signature
        self._hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in self._HIDDEN), 0)
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _page(path: Path) -> str | Refusal:
    text = decoded(path.read_bytes())
    if isinstance(text, Refusal):
        return text
    page = _Page()
    page.feed(text)
    page.close()
    return re.sub(r"\n\s*\n+", "\n\n", "".join(page.parts)).strip()


def _word(path: Path, max_bytes: int) -> str | Refusal:
    try:
        with zipfile.ZipFile(path) as archive:
            stored = archive.getinfo("word/document.xml")
            if stored.file_size > 20 * max_bytes:  # a small archive may unpack to any size
                return too_many_bytes(stored.file_size, 20 * max_bytes)
            root = ET.fromstring(archive.read(stored))  # noqa: S314 expat 2.4 and later bounds entities
    except (zipfile.BadZipFile, KeyError, ET.ParseError, OSError) as error:
        fix = "Save it again as .docx, or as text."
        got = f"{type(error).__name__}: {error}"
        return Refusal(reason=Reason.UNREADABLE_DOCUMENT, got=got, rule="it is a Word document", fix=fix)
    paragraphs = ("".join(text.text or "" for text in each.iter(f"{_WORD}t")) for each in root.iter(f"{_WORD}p"))
    return "\n".join(paragraphs).strip()
