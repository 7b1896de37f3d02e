"""mlflow's own model of the transformers flavour, as its loader makes it. Needs torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Watched:
    """mlflow's own model of the transformers flavour, and what it answered."""

    def __init__(self, folder: Path) -> None:
        import transformers
        from mlflow.transformers import _TransformersWrapper

        pipeline = transformers.pipeline("text-generation", model=str(folder))
        pipeline.generation_config.do_sample = False
        flavor = {"inference_task": "llm/v1/completions", "source_model_name": "tiny"}
        self._whole = _TransformersWrapper(pipeline, flavor)
        self.pipeline, self.llm_inference_task = pipeline, self._whole.llm_inference_task
        self.answers: list[Any] = []

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        found = self._whole.predict(data, params)
        self.answers += found
        return found
