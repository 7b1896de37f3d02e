"""SCIM filters choose as RFC 7644 says."""

import pytest

from brickyard_local.identity.errors import ScimError
from brickyard_local.identity.filters import ordered, parse_filter, select

ANN = {"id": "1", "displayName": "Ann", "active": True, "emails": [{"value": "ann@x.org"}], "groups": []}


@pytest.mark.parametrize(
    "text",
    [
        'displayName eq "Ann"',
        "displayname EQ 'ann'",
        'displayName ne "Bob"',
        'displayName co "N"',
        'displayName sw "a" and emails.value ew "x.org"',
        'displayName eq "Bob" or id eq 1',
        "active eq true",
        "emails pr",
    ],
)
def test_these_filters_choose_ann(text: str) -> None:
    assert parse_filter(text)(ANN)


@pytest.mark.parametrize("text", ['displayName eq "Bob"', "groups pr", 'displayName ne "ann"', 'nothing eq "1"'])
def test_these_filters_do_not(text: str) -> None:
    assert not parse_filter(text)(ANN)


@pytest.mark.parametrize("text", ["displayName", 'displayName like "x"', '(displayName eq "x")'])
def test_a_filter_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ScimError, match="displayName eq"):
        parse_filter(text)


def test_attributes_are_selected_and_the_id_always_comes() -> None:
    assert select(ANN, "displayName,emails.value", None).keys() == {"id", "displayName", "emails"}
    assert "emails" not in select(ANN, None, "emails,id")
    assert select(ANN, None, "id")["id"] == "1"


def test_lists_are_sorted_when_asked() -> None:
    bob = {"id": "2", "displayName": "bob"}
    assert ordered([bob, ANN], "displayName", None) == [ANN, bob]
    assert ordered([ANN, bob], "displayName", "descending") == [bob, ANN]
    assert ordered([bob, ANN], None, None) == [bob, ANN]
