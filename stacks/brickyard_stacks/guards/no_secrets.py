"""No secret stands in what is synthesised: it would be in the plan, in the state, and in every log of both."""

import re
from collections.abc import Iterator
from typing import Any

from brickyard_stacks.guarding import Resource
from brickyard_stacks.settings import Environment

# What tokens of these makers look like; each is long and has a form of its own.
_FORMS = {
    "a Databricks token": r"\bdapi[0-9a-f]{32}(-\d)?\b",
    "a Databricks OAuth secret": r"\bdose[0-9a-f]{32}\b",
    "an AWS access key": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "an Azure storage key": r"AccountKey=[A-Za-z0-9+/=]{40,}",
    "an Azure shared access signature": r"[?&]sig=[A-Za-z0-9%+/=]{20,}",
    "an Entra client secret": r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{34}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a GitHub token": r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "a key of OpenAI or Anthropic": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a signed token (JWT)": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "a password in an address": r"\b[a-z][a-z0-9+.-]*://[^/\s:@{}$]+:[^/\s:@{}$]+@",
}
_ANY = re.compile("|".join(f"(?:{form})" for form in _FORMS.values()))
# Arguments that hold nothing but secrets, where a literal is one whatever it looks like.
_SECRET = re.compile(r"(^|_)(token|password|passwd|client_secret|secret_key|secret_value|access_key|private_key)$")
_SECRET_OF = {"databricks_secret": ("string_value",)}
_REFERENCE = re.compile(r"\$\{[^}]+\}|\{\{secrets/[^/}]+/[^/}]+\}\}")


def check(resource: Resource, environment: Environment) -> Iterator[str]:  # noqa: ARG001 - holds everywhere
    """Neither by its form nor by the name of its argument; the value itself is never repeated."""
    for what in sorted({what for text in resource.texts() for what in forms_in(text)}):
        yield f"holds {what}; keep it in a secret scope and refer to it as {{{{secrets/<scope>/<key>}}}}"
    secret = _SECRET_OF.get(resource.kind, ())
    for name, value in _leaves(resource.arguments):
        named = name in secret or _SECRET.search(name)
        if named and isinstance(value, str) and value and not _REFERENCE.fullmatch(value):
            yield f"its {name} is written out; refer to a secret scope, or leave it to the tool's own sign-in"


def forms_in(text: str) -> list[str]:
    """What kinds of secret a text holds, by their form."""
    if not _ANY.search(text):
        return []
    return [what for what, form in _FORMS.items() if re.search(form, text)]


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value
