"""The module that travels with a registered model: streams say what answers say, and end with who reads them."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.registration.brickyard_stream import Streaming
from tiny_models import tiny_llama

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="`make setup-finetuning` installs torch")
ASKED = {"prompt": "What is the capital of France?", "max_tokens": 40}


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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return Watched(tiny_llama(tmp_path_factory.mktemp("tiny") / "model", template=None))


def test_a_completion_streams_the_words_of_the_whole_answer(whole: Watched) -> None:
    model = Streaming(whole)
    (answer,) = model.predict(ASKED)
    *pieces, last = model.predict_stream(ASKED)
    assert "".join(piece["choices"][0]["text"] for piece in pieces) == answer["choices"][0]["text"]
    assert {piece["object"] for piece in [*pieces, last]} == {"text_completion"}
    assert len({piece["id"] for piece in [*pieces, last]}) == 1
    assert last["usage"] == answer["usage"]
    assert last["choices"][0]["finish_reason"] == answer["choices"][0]["finish_reason"]


def test_who_hangs_up_stops_the_model(whole: Watched) -> None:
    import torch

    torch.manual_seed(0)
    drawn = {"max_tokens": 400, "min_new_tokens": 400, "do_sample": True}  # words with spaces, and no early end
    stream = Streaming(whole).predict_stream({**ASKED, **drawn})
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert whole.answers[-1]["usage"]["completion_tokens"] < 400


def test_what_the_model_refuses_the_stream_refuses(whole: Watched) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match="excepts `prompt`"):
        list(Streaming(whole).predict_stream({"max_tokens": 4}))
