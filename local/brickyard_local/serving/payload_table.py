"""The inference table: its columns, and the first commit of its Delta log. Pure: no I/O.

Source: docs.databricks.com/aws/en/ai-gateway/inference-tables-serving-endpoints (columns and their comments);
github.com/delta-io/delta/blob/master/PROTOCOL.md (actions of a commit).
Gaps: no clustering by request_date, no deletion vectors, no row tracking.
"""

import json
from typing import Any

_FIELDS: tuple[tuple[str, Any, str], ...] = (
    ("databricks_request_id", "string", "The identifier that the request was given; the answer's x-request-id."),
    ("request_date", "date", "The UTC date on which the model serving request was received."),
    ("client_request_id", "string", "The identifier that the client may give in the request body."),
    ("request_time", "timestamp", "When the request was received."),
    ("status_code", "integer", "The HTTP status code that the model answered."),
    ("sampling_fraction", "double", "The share of requests that is recorded: 1 here, always."),
    ("execution_duration_ms", "long", "Milliseconds that the model took."),
    ("request", "string", "The raw JSON body of the request."),
    ("response", "string", "The raw JSON body of the answer."),
    (
        "logging_error_codes",
        {"type": "array", "elementType": "string", "containsNull": True},
        "Why a body is missing: MAX_REQUEST_SIZE_EXCEEDED, MAX_RESPONSE_SIZE_EXCEEDED.",
    ),
    ("served_entity_id", "string", "The unique identifier of the served entity that answered."),
    ("requester", "string", "The user or service principal whose permissions the request used."),
)
COLUMNS = tuple(name for name, _, _ in _FIELDS)
MOST_BODY_BYTES = 1024 * 1024
TOO_LARGE = {"request": "MAX_REQUEST_SIZE_EXCEEDED", "response": "MAX_RESPONSE_SIZE_EXCEEDED"}
FIRST_COMMIT = "00000000000000000000.json"


def first_commit(table_id: str, at_ms: int) -> str:
    """An empty table that keeps a change data feed, as monitors of it need."""
    fields = [
        {"name": name, "type": kind, "nullable": True, "metadata": {"comment": comment}}
        for name, kind, comment in _FIELDS
    ]
    actions = (
        {"commitInfo": {"timestamp": at_ms, "operation": "CREATE TABLE", "operationParameters": {}}},
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 4}},
        {
            "metaData": {
                "id": table_id,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps({"type": "struct", "fields": fields}),
                "partitionColumns": [],
                "configuration": {"delta.enableChangeDataFeed": "true"},
                "createdTime": at_ms,
            }
        },
    )
    return "".join(json.dumps(action) + "\n" for action in actions)
