"""Resource addresses: `module.a["x"].databricks_job.train[0]`."""

import re
from functools import lru_cache

_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


@lru_cache(maxsize=65536)
def without_keys(address: str) -> str:
    """The address in the configuration: without instance keys.

    >>> without_keys('module.a["x.y"].databricks_job.train[0]')
    'module.a.databricks_job.train'
    """
    return _KEY.sub("", address)
