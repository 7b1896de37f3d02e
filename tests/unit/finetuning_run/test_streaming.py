"""The module that travels with a registered model: streams say what answers say, and end with who reads them."""

import re
from importlib.util import find_spec

import pytest

from brickyard_pipelines.finetuning.registration.brickyard_stream import Streaming
from flavour_models import Watched
from tiny_models import tiny_llama

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="`make setup-finetuning` installs torch")
ASKED = {"prompt": "What is the capital of France?", "max_tokens": 40}


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


@pytest.mark.parametrize("where", ["data", "params", "table"])
def test_a_text_of_stop_ends_an_answer_and_is_not_said(whole: Watched, where: str) -> None:
    """Of mlflow's flavour alone it asks a hub for the tokenizer, by the name of the base model."""
    import pandas as pd
    import torch

    model, drawn = Streaming(whole), {**ASKED, "do_sample": True}  # words, the same for a seed
    torch.manual_seed(0)
    said = model.predict(drawn)[0]["choices"][0]["text"]
    stop = re.findall(r"[a-z]{3}", said)[-2]
    assert said.index(stop) > 0
    data = drawn if where == "params" else {**drawn, "stop": ["never said", stop]}
    params = {"stop": stop} if where == "params" else None
    asked = pd.DataFrame([data]) if where == "table" else data
    torch.manual_seed(0)
    (answer,) = model.predict(asked, params)
    assert answer["choices"][0] == {"index": 0, "finish_reason": "stop", "text": said[: said.index(stop)]}
    assert answer["usage"]["completion_tokens"] < 40
    torch.manual_seed(0)
    *pieces, last = model.predict_stream(asked, params)
    assert "".join(piece["choices"][0]["text"] for piece in pieces) == said[: said.index(stop)]
    assert last["choices"][0]["finish_reason"] == "stop"


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
