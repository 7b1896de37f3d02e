"""What a monitor may be asked to compute: checked before it is kept. No I/O.

Gaps, refused by name: `prediction_proba_col` (log loss, ROC), data classification, tables that are not Delta.
Dashboards are not made; e-mails of `notifications` are recorded, not sent.
"""

import re
from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.monitors.granularities import GRANULARITIES, known
from brickyard_local.store import Document

PROFILES = ("snapshot", "time_series", "inference_log")
TABLE = ":table"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_TYPES = ("double", "float", "bigint", "long", "int", "integer", "string", "boolean", "timestamp", "date")
_JSON_TYPE = re.compile(r'"type"\s*:\s*"(\w+)"|^"(\w+)"$')
_MOMENTS = frozenset({"timestamp", "timestamp_ntz", "date"})
_MOST_SLICING_EXPRS = 100

Columns = Mapping[str, str]


def check(definition: Document, table: Document, baseline: Document | None) -> None:
    """Errors: InvalidParameter, NotEmulated."""
    chosen = [name for name in PROFILES if definition.get(name) is not None]
    if len(chosen) != 1:
        got = " and ".join(chosen) or "none"
        raise InvalidParameter(f"A monitor has exactly one of {', '.join(PROFILES)}; got {got}.")
    columns = columns_of(table)
    profile = chosen[0]
    if profile != "snapshot":
        _check_windows(profile, definition[profile], columns)
    if profile == "inference_log":
        _check_inference_log(definition[profile], columns)
    _check_slices(definition.get("slicing_exprs") or [])
    _check_metrics(definition.get("custom_metrics") or [], columns)
    if baseline is not None:
        _check_baseline(columns, baseline)
    _refuse_not_emulated(definition)


def columns_of(table: Document) -> Columns:
    """Names and types of a Delta table's columns. Errors: NotEmulated."""
    if table.get("table_type") == "VIEW" or table.get("data_source_format") != "DELTA":
        kind = table.get("table_type")
        raise NotEmulated(f"monitors of '{table['full_name']}' ({kind}); tables in Delta format are monitored")
    return {column["name"]: column["type_text"].lower() for column in table.get("columns", [])}


def _check_windows(profile: str, windows: Mapping[str, Any], columns: Columns) -> None:
    name = windows["timestamp_col"]
    if _type_of(columns, f"{profile}.timestamp_col", name) not in _MOMENTS:
        raise InvalidParameter(
            f"{profile}.timestamp_col '{name}' has the type {columns[name]}: it must be a timestamp or date. Cast it "
            "where the table is written."
        )
    granularities = windows["granularities"]
    wrong = [each for each in granularities if not known(each)]
    if wrong or not granularities or len(set(granularities)) != len(granularities):
        raise InvalidParameter(
            f"{profile}.granularities is {granularities}: it must be a list, without repetition, of "
            f"{', '.join(GRANULARITIES)} with n from 1 to 4."
        )


def _check_inference_log(log: Mapping[str, Any], columns: Columns) -> None:
    if log.get("prediction_proba_col"):
        raise NotEmulated("inference_log.prediction_proba_col (log_loss and roc_auc_score)")
    for field in ("prediction_col", "model_id_col", "label_col"):
        if log.get(field) is None:
            continue
        kind = _type_of(columns, f"inference_log.{field}", log[field])
        if kind.startswith(("array", "map", "struct", "binary")):
            raise InvalidParameter(
                f"inference_log.{field} '{log[field]}' has the type {kind}: it must be a single value."
            )
        regression = log["problem_type"] == "PROBLEM_TYPE_REGRESSION" and field != "model_id_col"
        if regression and (kind in _MOMENTS or kind.startswith(("string", "varchar", "char", "boolean"))):
            raise InvalidParameter(
                f"inference_log.{field} '{log[field]}' has the type {kind}: a regression's is a number."
            )


def _check_slices(expressions: list[str]) -> None:
    if len(set(expressions)) != len(expressions) or len(expressions) > _MOST_SLICING_EXPRS:
        raise InvalidParameter(
            f"slicing_exprs has {len(expressions)} expressions: at most {_MOST_SLICING_EXPRS}, none of them twice."
        )


def _check_metrics(metrics: list[Document], columns: Columns) -> None:
    names = [metric["name"].lower() for metric in metrics]
    for metric in metrics:
        name = metric["name"]
        if not _WORD.match(name) or names.count(name.lower()) > 1:
            raise InvalidParameter(
                f"custom_metrics: name '{name}' must be a word (letters, digits, _) that no other has."
            )
        for column in metric["input_columns"]:
            if column != TABLE:
                _type_of(columns, f"input_columns of custom metric '{name}'", column)
        _check_output_type(metric)


def _check_output_type(metric: Document) -> None:
    text = metric["output_data_type"].strip()
    found = _JSON_TYPE.search(text)
    kind = (found[1] or found[2]) if found else text
    if kind.lower() not in _TYPES:
        raise NotEmulated(
            f"output_data_type {text!r} of custom metric '{metric['name']}'; these are: {', '.join(_TYPES)}"
        )


def _check_baseline(columns: Columns, baseline: Document) -> None:
    others = columns_of(baseline)
    shared = columns.keys() & others.keys()
    differing = sorted(name for name in shared if columns[name] != others[name])
    if differing or not shared:
        what = ", ".join(f"{name}: {others[name]} instead of {columns[name]}" for name in differing)
        raise InvalidParameter(
            f"baseline_table_name '{baseline['full_name']}' must have the monitored table's columns: "
            f"{what or 'it has none of them'}."
        )


def _refuse_not_emulated(definition: Document) -> None:
    if (definition.get("data_classification_config") or {}).get("enabled"):
        raise NotEmulated("data classification (data_classification_config.enabled)")
    if (definition.get("notifications") or {}).get("on_new_classification_tag_detected"):
        raise NotEmulated("data classification (notifications.on_new_classification_tag_detected)")
    if definition.get("dashboard_id"):
        raise NotEmulated("dashboards (dashboard_id)")


def _type_of(columns: Columns, field: str, name: str) -> str:
    if name not in columns:
        raise InvalidParameter(f"{field} '{name}' is no column of the table; these are: {', '.join(columns)}.")
    return columns[name]
