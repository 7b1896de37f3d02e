"""docs/permissions.md says what the code says."""

from pathlib import Path

from brickyard_stacks.permissions_page import PAGE, page

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_is_the_matrix() -> None:
    assert (ROOT / PAGE).read_text() == page(), "stale: run `brickyard permissions --write`"


def test_people_read_in_prod_and_consumers_only_ask() -> None:
    text = page()
    catalog = text.split("## The environment's catalog")[1].split("##")[0]
    endpoint = text.split("## A serving endpoint")[1].split("##")[0]

    assert "| | local, dev | staging | prod |" in catalog
    assert "consumers" not in catalog
    assert "| consumers | CAN_QUERY | CAN_QUERY |" in endpoint
