"""A model of mlflow's transformers flavour that streams, and works on many answers at once.

Packed with the model: it imports only its own modules, by their place. mlflow loads it by name (`loader_module` in the
model's MLmodel).
"""

import os
from typing import Any

from .streaming import Streaming


def _load_pyfunc(path: str, model_config: Any = None) -> "Streaming":
    """What mlflow calls."""
    # Read when torch is loaded. A pass for many rows has many short parallel parts: threads that spin between them take
    # the processor from each other where others want it too (337 ms of processor a pass instead of 48).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mlflow import transformers

    return Streaming(transformers._load_pyfunc(path, model_config))  # noqa: SLF001 - mlflow's loader of this flavour
