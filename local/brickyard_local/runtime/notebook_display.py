"""`display` and `displayHTML` of a notebook: what is shown goes to the log."""

from typing import Any

_ROWS = 20


def display(value: Any = None, *_arguments: Any, **_options: Any) -> None:
    """Show a table's first rows as text, a figure as its name, all else as Python shows it."""
    kind = type(value)
    if kind.__module__.startswith("pyspark.sql") and hasattr(value, "show"):
        value.show(_ROWS, truncate=40)
    elif kind.__module__.startswith("pandas") and hasattr(value, "to_string"):
        print(value.to_string(max_rows=_ROWS))  # noqa: T201 - the log is where a task shows things
    else:
        print(repr(value))  # noqa: T201


def display_html(html: str) -> None:
    """Nothing draws HTML here: say how much there was."""
    print(f"[HTML of {len(html)} characters]")  # noqa: T201
