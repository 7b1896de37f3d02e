"""A plan with a refresh, by somebody who may only read: of what can be read, and the rest is named.

Databricks shows lists of access to who may change them alone, and a volume only to who may read its files; Terraform
fails as a whole on one object that it cannot read. So those, and what is built on them, are left out by `-target`.
Which they are besides the types that are known is found by trying.
"""

import re
from collections.abc import Mapping
from typing import Any

from brickyard.errors import DeployFailed
from brickyard.terraform import Synthesised

# docs/adr/0035: who only reads sees these empty, or not at all.
UNSEEN_BY_READERS = frozenset(
    {"databricks_grants", "databricks_grant", "databricks_secret_acl", "databricks_access_control_rule_set"}
)
_ATTEMPTS = 8
_ADDRESS = re.compile(r"^\s*with ([\w.-]+?)(?:\[.*\])?,$", re.MULTILINE)
_DENIED = re.compile(r"PERMISSION_DENIED|does not have|may not|not authorized|forbidden|\b403\b", re.IGNORECASE)


def planned_by_reader(synthesised: Synthesised, stack: str) -> tuple[str, frozenset[str]]:
    """The plan's JSON, and the addresses that are not in it. Errors: DeployFailed, also where nothing can be read."""
    needs = needs_of(synthesised.document(stack))
    unread = frozenset(address for address in needs if address.partition(".")[0] in UNSEEN_BY_READERS)
    for attempt in range(1, _ATTEMPTS + 1):
        targets = sorted(address for address in needs if not _all_needs(address, needs) & unread)
        if not targets:
            raise DeployFailed(f"Nothing of {stack} can be read by who signs in, so nobody can tell what drifted.")
        try:
            shown = synthesised.planned(stack, *(f"-target={address}" for address in targets))
        except DeployFailed as error:
            more = denied_in(str(error)) - unread
            if not more or attempt == _ATTEMPTS:
                raise
            unread |= more
        else:
            return shown, frozenset(needs).difference(targets)
    raise AssertionError


def needs_of(document: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The addresses of a synthesised stack, each with those that it names, in references and in `depends_on`."""
    blocks = {
        f"{kind}.{name}": repr(block)
        for kind, named in document.get("resource", {}).items()
        for name, block in named.items()
    }
    pattern = re.compile(r"(?<![\w.])(?:" + "|".join(map(re.escape, blocks)) + r")(?![\w-])") if blocks else None
    return {
        address: frozenset(pattern.findall(text)) - {address} if pattern else frozenset()
        for address, text in blocks.items()
    }


def denied_in(said: str) -> frozenset[str]:
    r"""The addresses that Terraform was refused, out of its errors; another error is met again without them.

    >>> sorted(denied_in("x: Error: a\n  with databricks_volume.v,\n User does not have READ VOLUME"))
    ['databricks_volume.v']
    """
    errors = [error for error in said.split("Error: ")[1:] if _DENIED.search(error)]
    return frozenset(at[1] for error in errors if (at := _ADDRESS.search(error)))


def _all_needs(address: str, needs: Mapping[str, frozenset[str]]) -> set[str]:
    """An address with everything that it is built on."""
    found, waiting = set(), [address]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += needs.get(each, ())
    return found
