"""The bytes of one chunk of a result in each format.

Source: databricks-sdk's `service/sql.py`, execute_statement (compact JSON; RFC 4180 with a header in the first chunk).
"""

import csv
import io
import json
from collections.abc import Sequence

Row = Sequence[str | None]


def encoded(rows: Sequence[Row], *, format_: str, header: Sequence[str] | None) -> bytes:
    r"""JSON_ARRAY or CSV; `header` is given with a CSV's first chunk.

    >>> encoded([["a", None]], format_="CSV", header=["x", "y"])
    b'x,y\r\na,null\r\n'
    """
    if format_ == "JSON_ARRAY":
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    lines = io.StringIO()
    writer = csv.writer(lines)
    if header is not None:
        writer.writerow(header)
    writer.writerows(["null" if value is None else value for value in row] for row in rows)
    return lines.getvalue().encode()
