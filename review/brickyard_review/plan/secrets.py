"""What looks like a secret although nothing marks it: by the attribute's name, or by the value's form.

Gaps: a secret without a form (`hunter2`) under an innocent name is seen only if the plan marks it somewhere else.
"""

import math
import re
from collections import Counter
from functools import lru_cache

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SECRET_WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "apikey",
        "privatekey",
        "credential",
        "credentials",
        "sas",
        "pat",
    }
)
_SECRET_PAIRS = frozenset(
    [
        ("api", "key"),
        ("private", "key"),
        ("access", "key"),
        ("account", "key"),
        ("connection", "string"),
        ("conn", "str"),
    ]
)
_HARMLESS_ENDS = frozenset(
    {
        "id",
        "ids",
        "name",
        "names",
        "scope",
        "scopes",
        "arn",
        "path",
        "type",
        "uri",
        "url",
        "endpoint",
        "key",
        "store",
        "seconds",
        "minutes",
        "hours",
        "days",
        "ttl",
        "lifetime",
        "expiry",
        "version",
        "versions",
        "count",
        "limit",
        "enabled",
        "ref",
        "reference",
        "policy",
        "acl",
        "manager",
        "provider",
        "mount",
    }
)
_FORMS = re.compile(
    r"""-----BEGIN [A-Z ]*PRIVATE\ KEY
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.            # a JSON web token
    | \bdapi[0-9a-f]{16,} | \bdose[0-9a-f]{16,} | \bdkea[0-9a-f]{16,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b | \bAIza[\w-]{30,} | \bya29\.[\w-]{10,}
    | \bgh[pousr]_\w{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{16,} | \bnpm_\w{30,} | \bpypi-\w{16,}
    | \bxox[abprs]-[\w-]{10,} | \bsk-[\w-]{20,} | \bsk_live_\w{10,} | \bhf_\w{20,} | \bhvs\.[\w-]{16,}
    | (?i:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|client_secret|api_key)\s*=\s*[^;\s&{$]{4,}
    | [?&](?:sig|token|access_token)=[^&\s]{8,}
    | :\/\/[^\/\s:@]+:[^\/\s:@]+@             # a password in a URL
    | (?i:\bBearer)\ [\w.+/=-]{20,}""",
    re.VERBOSE,
)
_RUNS = re.compile(r"[A-Za-z0-9+]{32,}={0,2}")
_REFERENCE = re.compile(r"^\{\{secrets/[^/{}]+/[^/{}]+\}\}$")  # Databricks' own way not to write a secret
_MIN_ENTROPY = 4.0  # bits per character: random base64 of 32 characters has about 4.5, a name in camel case below 3.9


@lru_cache(maxsize=8192)
def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is a secret.

    >>> is_secret_name("clientSecret"), is_secret_name("DB_PASSWORD"), is_secret_name("secret_scope")
    (True, True, False)
    """
    words = [word.lower() for word in _WORDS.split(name) if word]
    if not words:
        return False
    if tuple(words[-2:]) in _SECRET_PAIRS:
        return True
    return words[-1] not in _HARMLESS_ENDS and any(
        word in _SECRET_WORDS or pair in _SECRET_PAIRS
        for word, pair in zip(words, zip(words, [*words[1:], ""], strict=True), strict=True)
    )


@lru_cache(maxsize=65536)
def is_secret_form(text: str) -> bool:
    """Whether a text has the form of a credential.

    >>> is_secret_form("postgres://app:s3cret@db/prod"), is_secret_form("{{secrets/prod/db}}")
    (True, False)
    """
    if len(text) < 8 or is_secret_reference(text):
        return False
    return bool(_FORMS.search(text)) or any(_is_random(run) for run in _RUNS.findall(text))


def is_secret_reference(text: str) -> bool:
    """Whether a text only names a secret of a Databricks secret scope."""
    return bool(_REFERENCE.match(text))


def _is_random(run: str) -> bool:
    mixed = any(map(str.isupper, run)) and any(map(str.islower, run)) and any(map(str.isdigit, run))
    return mixed and _entropy(run) >= _MIN_ENTROPY


def _entropy(text: str) -> float:
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
