"""What looks like personal data or a secret, by pattern; only counts leave here, never what was found. Pure.

*Gaps*: names and addresses have no pattern. It is a warning to look, no proof that there is none.
"""

import re
from collections.abc import Callable, Sequence

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


# Name, a character without which there is nothing to look for, the pattern, and what a match must pass.
_KINDS: tuple[tuple[str, str, re.Pattern[str], _Test], ...] = (
    ("email", "@", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"), _always),
    ("card_number", "", re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])"), _luhn),
    ("iban", "", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"), _iban),
    ("us_social_security", "-", re.compile(r"(?<!\d)(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\d)"), _always),
    ("phone", "+", re.compile(r"(?<!\w)\+\d{1,3}[ ()/.-]{0,2}\d(?:[ ()/.-]{0,2}\d){6,11}(?!\w)"), _always),
    ("private_key", "-----", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), _always),
    ("access_key", "", re.compile(r"\b(?:AKIA[0-9A-Z]{16}|dapi[0-9a-f]{32}|gh[pousr]_\w{36}|sk-[\w-]{20,})"), _always),
)
KINDS = tuple(name for name, *_ in _KINDS)
_NUMBERS = re.compile(r"\d{2}")


def kinds_in(parts: Sequence[str]) -> tuple[str, ...]:
    """The kinds that a row seems to hold.

    >>> kinds_in(["Write to ada@example.org", "card 4111 1111 1111 1111"])
    ('email', 'card_number')
    >>> kinds_in(["Section 4.1 of 12345678901234567"])
    ()
    """
    text = "\n".join(parts)
    if "@" not in text and "-----" not in text and not _NUMBERS.search(text) and "sk-" not in text and "gh" not in text:
        return ()
    return tuple(
        name
        for name, needed, pattern, passes in _KINDS
        if needed in text and any(passes(match[0]) for match in pattern.finditer(text))
    )
