"""Is this machine's clock right? A token or a signature of the wrong time is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from brickyard.doctor.finding import Finding, Status
from brickyard.doctor.preflight import Preflight
from brickyard.errors import in_one_line

_CHECK = "clock"
# AWS refuses signatures that are 5 minutes off; tokens of federation live for minutes.
# Source: docs.aws.amazon.com, "Troubleshooting Signature Version 4" (clock skew)
_OFF_S, _NOTABLE_S = 300, 60
_S = 10


def clock(preflight: Preflight) -> Iterator[Finding]:
    """Compared with the date in the workspace's answer."""
    if preflight.client is None:
        return
    try:
        answer = httpx.get(str(preflight.client.config.host), timeout=_S)
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        said = f"the workspace does not tell the time: {in_one_line(error)}"
        yield Finding(check=_CHECK, status="warning", said=said, fix="compare with another clock")
        return
    yield compare(datetime.now(UTC), theirs)


def compare(ours: datetime, theirs: datetime) -> Finding:
    """How far off, in seconds.

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> compare(noon, noon.replace(minute=6)).status
    'problem'
    """
    off_s = abs((ours - theirs).total_seconds())
    said = f"{off_s:.0f} s from the workspace's clock"
    if off_s < _NOTABLE_S:
        return Finding(check=_CHECK, status="ok", said=said)
    status: Status = "problem" if off_s >= _OFF_S else "warning"
    return Finding(check=_CHECK, status=status, said=said, fix="set this machine's clock (NTP)")
