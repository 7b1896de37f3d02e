"""Ports that a person may give a workspace."""

import argparse

FIRST, LAST = 1024, 65535


def is_port(text: str) -> bool:
    """Whether it is a number that needs no special rights.

    >>> [is_port(text) for text in ("20001", "80", "70000", "http", "²")]
    [True, False, False, False, False]
    """
    return text.isascii() and text.isdecimal() and FIRST <= int(text) <= LAST


def port(text: str) -> int:
    """The port of an argument. Errors: ArgumentTypeError."""
    if not is_port(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no port: use a number from {FIRST} to {LAST}")
    return int(text)
