"""Pages of a cluster's events.

Source: docs.databricks.com/api/workspace/clusters/events
"""

from typing import Any

from brickyard_local.compute.payloads import GetEvents
from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document

_LARGEST_PAGE = 500


def answer(events: list[Document], asked: GetEvents) -> Document:
    """The events asked for, and the request for the next page in the form that was used."""
    end = asked.end_time if asked.end_time is not None else float("inf")
    found = [
        event
        for event in events
        if (asked.start_time or 0) <= event["timestamp"] <= end
        and (not asked.event_types or event["type"] in asked.event_types)
    ]
    if asked.order == "DESC":
        found.reverse()
    size = min(asked.page_size or asked.limit or 50, _LARGEST_PAGE)
    start = _start(asked)
    result: Document = {"total_count": len(found)}
    shown = found[start : start + size]
    if shown:
        result["events"] = [{name: value for name, value in event.items() if name != "number"} for event in shown]
    if start + size < len(found):
        following: dict[str, Any] = asked.model_dump(exclude_defaults=True, exclude={"page_token", "page_size"})
        result["next_page"] = {**following, "offset": start + size, "limit": size}
        result["next_page_token"] = str(start + size)
    return result


def _start(asked: GetEvents) -> int:
    if not asked.page_token:
        return asked.offset
    if not asked.page_token.isdecimal():
        raise InvalidParameter(f"page_token '{asked.page_token}' was not given out by this API.")
    return int(asked.page_token)
