"""Ids of principals as numbers, which some resources want where others give text."""

from cdktf import Token

from brickyard_constructs.checks import known
from brickyard_constructs.errors import InvalidProps


def as_number(prop: str, principal_id: str) -> float:
    """The number, or a reference to what will be one."""
    if not known(principal_id):
        return Token.as_number(principal_id)
    if not principal_id.isdecimal():
        raise InvalidProps(prop, principal_id, rule="the id of a principal in the account, a whole number")
    return int(principal_id)
