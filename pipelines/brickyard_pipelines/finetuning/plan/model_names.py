"""How a plan names a version of a model in Unity Catalog: `catalog.schema.model/3` or `catalog.schema.model@alias`.

Source: mlflow `models:/` addresses; versions are counted from 1, an alias is letters, digits, _ and - (mlflow's rule)
"""

import re
from collections.abc import Iterator

_VERSION = re.compile(r"[^./@\s]+\.[^./@\s]+\.[^./@\s]+(?:/[1-9][0-9]*|@[A-Za-z0-9_-]+)")


def problems(name: str | None, path: str) -> Iterator[tuple[str, str, str, str]]:
    """What does not hold of a name that stands at `path`: path, what was got, the rule, the fix.

    >>> list(problems("main.ai.base/1", "model")), list(problems("main.ai.base@champion", "model"))
    ([], [])
    >>> [got for _, got, _, _ in problems("main.ai.base/0", "model")]
    ["'main.ai.base/0'"]
    """
    if name is not None and not _VERSION.fullmatch(name):
        rule = "a model is named with its version or alias; versions count from 1"
        yield path, repr(name), rule, "Write catalog.schema.model/3 or catalog.schema.model@alias."
