"""A model's folder is asked as it would answer alone, whatever stands beside it in a batch."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from brickyard_pipelines.finetuning.candidates.catalog_model import model_folders
from brickyard_pipelines.finetuning.candidates.directory import Directory
from brickyard_pipelines.finetuning.candidates.protocol import Needs
from brickyard_pipelines.finetuning.errors import UnusableAnswers, UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.questions import Question
from tiny_models import tiny_llama

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="`make setup-finetuning` installs torch")
ALL = Needs(words=True, perplexity=True, choices=True, max_new_tokens=12)
WORDS = Needs(words=True, perplexity=False, choices=False, max_new_tokens=12)


def question(name: str, text: str, reference: str = "Paris is it.", **more: Any) -> Question:
    said = ({"role": "user", "content": text},)
    return Question(id=name, references=(reference,), slices={}, cluster=name, **{"messages": said, **more})


ASKED = [
    question("short", "Hi", choices=("one", "two three four", "Paris is it.")),
    question("long", "What is the capital of France? Count to three: one, two, three. " * 3),
    question("middle", "The quick brown fox jumps over the lazy dog."),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("tiny") / "model")


def test_an_answer_is_the_same_alone_and_in_a_batch(folder: Path) -> None:
    together = Directory("m", folder, batch_size=3).answer(ASKED, ALL)
    for one, each in zip(ASKED, together, strict=True):
        (alone,) = Directory("m", folder).answer([one], ALL)
        assert (alone.text, alone.answer_tokens, alone.stopped, alone.chosen) == (
            each.text,
            each.answer_tokens,
            each.stopped,
            each.chosen,
        )
        assert alone.nll == pytest.approx(each.nll, rel=1e-5)


def test_answers_and_likelihoods_are_those_of_a_plain_loop(folder: Path) -> None:
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    model = transformers.AutoModelForCausalLM.from_pretrained(str(folder)).eval()
    (found,) = Directory("m", folder).answer(ASKED[:1], ALL)
    prompt = tokenizer.apply_chat_template(list(ASKED[0].messages), tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    said: list[int] = []
    while len(said) < 12 and (not said or said[-1] != tokenizer.eos_token_id):
        said.append(int(model(torch.tensor([ids + said])).logits[0, -1].argmax()))
    assert found.text == tokenizer.decode(said, skip_special_tokens=True).strip()
    assert (found.prompt_tokens, found.answer_tokens) == (len(ids), len(said))

    def nll(text: str) -> tuple[float, int]:
        after = tokenizer(text, add_special_tokens=False)["input_ids"]
        total = 0.0
        for number, token in enumerate(after):
            with torch.no_grad():
                logits = model(torch.tensor([ids + after[:number]])).logits[0, -1]
            total -= float(torch.log_softmax(logits.double(), -1)[token])
        return total, len(after)

    assert (found.nll, found.scored_tokens) == (pytest.approx(nll("Paris is it.")[0], rel=1e-5), nll("Paris is it.")[1])
    assert found.chosen == min(ASKED[0].choices, key=lambda choice: nll(choice)[0])


def test_a_text_longer_than_the_context_is_scored_in_windows(folder: Path) -> None:
    from transformers import AutoTokenizer

    text = "The quick brown fox jumps over the lazy dog. " * 60
    only = Needs(words=False, perplexity=True, choices=False, max_new_tokens=1)
    (found,) = Directory("m", folder).answer([question("t", "", text, messages=())], only)
    tokens = len(AutoTokenizer.from_pretrained(str(folder))(text, add_special_tokens=False)["input_ids"])
    windows = -(-tokens // 512)
    assert windows > 1
    assert found.scored_tokens == tokens - windows  # the first of each is given
    assert found.text == ""
    assert found.latency_s is None


def test_what_does_not_fit_the_context_is_refused_by_its_name(folder: Path) -> None:
    endless = question("endless", "dog " * 600)
    with pytest.raises(UnusableAnswers, match=r"question 'endless': got \d+ tokens of prompt and answer; the context"):
        Directory("m", folder).answer([ASKED[0], endless], WORDS)


def test_a_base_model_takes_one_prompt_and_no_conversation(tmp_path: Path) -> None:
    base = Directory("base", tiny_llama(tmp_path / "base", template=None))
    assert base.answer([ASKED[0]], WORDS)[0].prompt_tokens
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
    with pytest.raises(UnusableCandidate, match=r"'base', question 'c'.*without a chat template takes one prompt"):
        base.answer([question("c", "", messages=tuple(turns))], WORDS)


def test_a_folder_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableCandidate, match=r"got no config.json"):
        Directory("m", tmp_path)
    broken = tiny_llama(tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UnusableCandidate, match=r"broken: got .*; it can be loaded"):
        Directory("m", broken).answer([ASKED[0]], WORDS)


def test_a_folders_identity_is_its_bytes(folder: Path, tmp_path: Path) -> None:
    same, other = tiny_llama(tmp_path / "same"), tiny_llama(tmp_path / "other", seed=1)
    assert Directory("a", folder).identity == Directory("b", same).identity
    assert Directory("a", folder).identity != Directory("a", other).identity


def test_a_versions_files_say_where_the_model_is(tmp_path: Path) -> None:
    model = tiny_llama(tmp_path / "elsewhere" / "weights")
    assert model_folders(tmp_path) == (model, model)
    tiny_llama(tmp_path / "second")
    with pytest.raises(UnusableCandidate, match=r"got 2 folders with a config\.json"):
        model_folders(tmp_path)
