"""A file's text as it reads with CDK Terrain: other packages, the same classes.

`cdktf.json`, the folder `cdktf.out`, the variables CDKTF_…, logical ids and states keep their names there.
Source: cdktn.io, "Upgrade guide v0.22" (the packages' names)
"""

import re

# Each names the newest bindings that were tried together (docs/guides/cdktn.md says what was seen).
CORE_VERSION, BINDINGS_VERSION = "0.24.0", "18.11.0"

_PYTHON = (
    (re.compile(r"\bcdktf_cdktf_provider_(databricks|aws)\b"), r"cdktn_provider_\1"),
    (re.compile(r"^(\s*)(from|import) cdktf\b", re.MULTILINE), r"\1\2 cdktn"),
    (re.compile(r"\bcdktf-cdktf-provider-(databricks|aws)\b"), r"cdktn-provider-\1"),
    (re.compile(r"\bcdktf-cli\b"), "cdktn-cli"),
    (re.compile(r"(\.bin\"\s*/\s*)\"cdktf\""), r'\1"cdktn"'),
)
_PIPFILE = (
    (re.compile(r'^cdktf = "==.*"$', re.MULTILINE), f'cdktn = "=={CORE_VERSION}"'),
    (
        re.compile(r'^cdktf-cdktf-provider-databricks = ".*"$', re.MULTILINE),
        f'cdktn-provider-databricks = "=={BINDINGS_VERSION}"',
    ),
    (re.compile(r'^cdktf-cdktf-provider-aws = ".*"$', re.MULTILINE), 'cdktn-provider-aws = "*"'),
)
_PACKAGE_JSON = ((re.compile(r'"cdktf-cli": ".*?"'), f'"cdktn-cli": "{CORE_VERSION}"'),)


def rewritten(name: str, text: str) -> str:
    """The text of the file called `name`. A text that has been rewritten stays as it is.

    >>> rewritten("app.py", "from cdktf import App")
    'from cdktn import App'
    >>> rewritten("app.py", "from cdktn import App  # cdktf.json stays")
    'from cdktn import App  # cdktf.json stays'
    """
    rules = {"Pipfile": _PIPFILE, "package.json": _PACKAGE_JSON}.get(name, _PYTHON)
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
