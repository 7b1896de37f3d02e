"""What looks like personal data or a secret, by pattern; only counts leave here, never what was found. Pure.

*Gaps*: names and addresses have no pattern. It is a warning to look, no proof that there is none.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_Test = Callable[[str], bool]


def _luhn(digits: str) -> bool:
    numbers = [int(digit) for digit in reversed(digits) if digit.isdigit()]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return 13 <= len(numbers) <= 19 and (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    compact = text.replace(" ", "")
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """What a match looks like, and what it must pass; looked for where there are enough digits and one of `needed`.

    Patterns begin with a class of characters, not with what may not stand before it: `re` skips to the first by itself.
    """

    name: str
    pattern: re.Pattern[str]
    passes: _Test = _always
    needed: tuple[str, ...] = ("",)
    digits: int = 0


_KINDS = (
    _Kind(name="email", needed=("@",), pattern=re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")),
    _Kind(
        name="card_number",
        digits=13,
        pattern=re.compile(r"\d(?<![\d.]\d)(?:[ -]?\d){12,18}(?![\d.])"),
        passes=_luhn,
    ),
    _Kind(
        name="iban",
        digits=2,
        pattern=re.compile(r"[A-Z](?<=\b[A-Z])[A-Z]\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
        passes=_iban,
    ),
    _Kind(
        name="us_social_security",
        needed=("-",),
        digits=9,
        pattern=re.compile(r"(?<!\d)(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\d)"),
    ),
    _Kind(
        name="phone",
        needed=("+",),
        digits=8,
        pattern=re.compile(r"(?<!\w)\+\d{1,3}[ ()/.-]{0,2}\d(?:[ ()/.-]{0,2}\d){6,11}(?!\w)"),
    ),
    _Kind(
        name="private_key",
        needed=("-----BEGIN ",),
        pattern=re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ),
    _Kind(
        name="access_key",
        needed=("_", "AKIA", "dapi", "sk-"),
        pattern=re.compile(
            r"A(?<=\bA)KIA[0-9A-Z]{16}|d(?<=\bd)api[0-9a-f]{32}|g(?<=\bg)h[pousr]_\w{36}|s(?<=\bs)k-[\w-]{20,}"
        ),
    ),
)
KINDS = tuple(kind.name for kind in _KINDS)
_ENOUGH = max(kind.digits for kind in _KINDS)


def kinds_in(parts: Sequence[str]) -> tuple[str, ...]:
    """The kinds that a row seems to hold.

    >>> kinds_in(["Write to ada@example.org", "card 4111 1111 1111 1111"])
    ('email', 'card_number')
    >>> kinds_in(["Section 4.1 of 12345678901234567"])
    ()
    """
    text = "\n".join(parts)
    # Other scripts have digits of their own, which patterns know and counting does not.
    digits = sum(map(text.count, "0123456789")) if text.isascii() else _ENOUGH
    return tuple(
        kind.name
        for kind in _KINDS
        if digits >= kind.digits
        and any(needed in text for needed in kind.needed)
        and any(kind.passes(match[0]) for match in kind.pattern.finditer(text))
    )
