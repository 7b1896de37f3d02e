"""SCIM filters, attribute selection and paging of lists.

Source: RFC 7644, 3.4.2. Gaps: parentheses, `not`, numbers and value paths (`emails[type eq "work"]`).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from brickyard_local.identity.errors import ScimError
from brickyard_local.store import Document

_TERM = re.compile(r"""^\s*([\w.$]+)\s+(?:(pr)|(eq|ne|co|sw|ew)\s+(?:"([^"]*)"|'([^']*)'|(\S+)))\s*$""", re.IGNORECASE)
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, want: have == want,
    "co": lambda have, want: want in have,
    "sw": lambda have, want: have.startswith(want),
    "ew": lambda have, want: have.endswith(want),
}
# The genuine Terraform provider reads a service principal's applicationId without asking for it.
_ALWAYS = frozenset({"applicationid", "id", "schemas"})

Predicate = Callable[[Document], bool]


def parse_filter(text: str | None) -> Predicate:
    """A predicate of resources. Errors: ScimError for what this subset does not know.

    >>> parse_filter('displayName sw "local-" and active eq "true"')({"displayName": "Local-x", "active": True})
    True
    """
    if not text:
        return lambda _document: True
    either = [
        [_term(term) for term in re.split(r"\s+and\s+", part, flags=re.IGNORECASE)]
        for part in re.split(r"\s+or\s+", text, flags=re.IGNORECASE)
    ]
    return lambda document: any(all(term(document) for term in terms) for terms in either)


def select(document: Document, attributes: str | None, excluded: str | None) -> Document:
    """The attributes asked for; id, schemas and applicationId always."""
    if attributes:
        wanted = _names(attributes) | _ALWAYS
        return {key: value for key, value in document.items() if key.lower() in wanted}
    unwanted = _names(excluded or "") - _ALWAYS
    return {key: value for key, value in document.items() if key.lower() not in unwanted}


def ordered(documents: list[Document], by: str | None, order: str | None) -> list[Document]:
    """Sorted by an attribute, or as they came."""
    if not by:
        return documents
    return sorted(
        documents,
        key=lambda document: [text.casefold() for text in _values(document, by)],
        reverse=(order or "").lower() == "descending",
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().split(".")[0].lower() for name in text.split(",") if name.strip())


def _term(text: str) -> Predicate:
    match = _TERM.match(text)
    if match is None:
        raise ScimError(
            f"The filter term '{text.strip()}' cannot be read. Write e.g. displayName eq \"name\"; the operators "
            "are eq, ne, co, sw, ew, pr, joined by and/or."
        )
    attribute, present, operator, *values = match.groups()
    if present:
        return lambda document: bool(_values(document, attribute))
    want = next(value for value in values if value is not None).casefold()
    if operator.lower() == "ne":
        return lambda document: all(have.casefold() != want for have in _values(document, attribute))
    compare = _OPERATORS[operator.lower()]
    return lambda document: any(compare(have.casefold(), want) for have in _values(document, attribute))


def _values(document: Document, attribute: str) -> list[str]:
    first, _, rest = attribute.partition(".")
    value = next((value for key, value in document.items() if key.lower() == first.lower()), None)
    return list(_texts(value, rest))


def _texts(value: Any, rest: str) -> Iterable[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, rest)
    elif isinstance(value, dict):
        inner = value.get(rest or "value")
        if inner is not None:
            yield str(inner)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value is not None:
        yield str(value)
