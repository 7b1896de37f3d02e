"""Links to chunks: a URL that needs no token, works for one chunk, and only for a quarter of an hour.

Whoever has the URL can read the chunk, as with a presigned URL of cloud storage.
Source: databricks-sdk's `service/sql.py`, ExternalLink.
"""

from datetime import UTC, datetime, timedelta

from brickyard_local.callers import Caller
from brickyard_local.sql.needs import Signer

PATH = "/api/local/sql/results"
_LIFETIME = timedelta(minutes=15)


class Links:
    """Makes links; the gate checks them."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def link(self, caller: Caller, statement_id: str, index: int) -> dict[str, str]:
        """`external_link` and its `expiration`."""
        moment = (datetime.now(UTC) + _LIFETIME).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        path = f"{PATH}/{statement_id}/{index}"
        host, principal = caller.workspace.host, caller.principal
        url = self._signer.url(host, "GET", path, principal=principal, query={}, expire_time=moment)
        return {"external_link": url, "expiration": moment}
