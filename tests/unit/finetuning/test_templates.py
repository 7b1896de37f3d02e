from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.errors import UnsupportedModel, UnusableTemplate
from brickyard_pipelines.finetuning.rows.canonical import Conversation, Message, Pair, Text
from brickyard_pipelines.finetuning.rows.refusals import Reason, RowRefused
from brickyard_pipelines.finetuning.templates.masks import Masker, Tokens, masker_of
from brickyard_pipelines.finetuning.templates.tokenizer import ModelTokenizer, read_tokenizer

ONCE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
WORDS = st.text(min_size=1, max_size=25).filter(lambda text: text.strip() and not {"<", "\ufdd0", "\ufdd1"} & set(text))


def talk(*turns: tuple[str, str], tools: Sequence[dict[str, Any]] = ()) -> Conversation:
    return Conversation(messages=tuple(Message(role=r, content=c) for r, c in turns), tools=tuple(tools))  # type: ignore[arg-type]


def learn(masker: Masker, row: Conversation | Pair | Text) -> Tokens:
    (found,) = masker.tokens([row], [masker.rendered(row)])
    assert isinstance(found, Tokens), found
    return found


def learnt_text(tokenizer: ModelTokenizer, tokens: Tokens) -> list[str]:
    return [tokenizer.tokenizer.decode(tokens.ids[a:b], skip_special_tokens=False) for a, b in tokens.learnt]


@pytest.mark.parametrize(
    ("template", "stop"),
    [
        ("chatml", "<|im_end|>"),
        ("mistral", "</s>"),
        ("llama3", "<|eot_id|>"),
        ("tools", "<|im_end|>"),
        ("marked", "<|im_end|>"),
    ],
)
def test_exactly_the_answers_and_their_stop_tokens_are_learnt(model_folder: Any, template: str, stop: str) -> None:
    tokenizer = read_tokenizer(model_folder(template))
    masker = masker_of(tokenizer, "chat_completion")
    tokens = learn(masker, talk(("user", "Hello"), ("assistant", "Hi"), ("user", "Again"), ("assistant", "Yes, one.")))
    assert learnt_text(tokenizer, tokens) == [f"Hi{stop}", f"Yes, one.{stop}"]


@pytest.mark.parametrize("template", ["chatml", "llama3", "mistral"])
@ONCE
@given(turns=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3), system=st.none() | WORDS)
def test_what_is_learnt_is_what_inference_would_be_asked_for(
    model_folder: Any, template: str, turns: list[tuple[str, str]], system: str | None
) -> None:
    """The text of training is the model's own, and each learnt part begins where the generation prompt ends."""
    tokenizer = read_tokenizer(model_folder(template))
    masker = masker_of(tokenizer, "chat_completion")
    opening = [("system", system)] if system and template != "mistral" else []
    row = talk(
        *opening, *((role, words) for pair in turns for role, words in zip(("user", "assistant"), pair, strict=True))
    )
    rendered = masker.rendered(row)
    assert tokenizer.template is not None
    messages = [message.as_json() for message in row.messages]
    assert rendered.text == tokenizer.template.render(messages).text
    answers = [number for number, message in enumerate(row.messages) if message.role == "assistant"]
    for (begin, _), number in zip(rendered.spans, answers, strict=True):
        asked = tokenizer.template.render(messages[:number], add_generation_prompt=True).text
        assert rendered.text[:begin] == asked


@ONCE
@given(WORDS, WORDS)
def test_a_pair_without_a_template_is_the_tokens_of_prompt_then_response_then_stop(
    model_folder: Any, prompt: str, response: str
) -> None:
    tokenizer = read_tokenizer(model_folder(None))
    masker = masker_of(tokenizer, "supervised")
    row = Pair(prompt=prompt, response=response)
    (found,) = masker.tokens([row], [masker.rendered(row)])
    if isinstance(found, RowRefused):
        assert found.refusal.reason == Reason.BOUNDARY_MERGES
        return
    ((begin, end),) = found.learnt
    assert list(found.ids[:begin]) == tokenizer.tokenizer.encode(prompt, add_special_tokens=False).ids
    assert tokenizer.tokenizer.decode(found.ids[begin:end], skip_special_tokens=False) == f"{response}</s>"


def test_a_turn_of_weight_0_carries_no_loss(model_folder: Any) -> None:
    tokenizer = read_tokenizer(model_folder("chatml"))
    first = Message(role="assistant", content="bad", learnt=False)
    row = talk(("user", "a"), ("assistant", "bad"), ("user", "b"), ("assistant", "good"))
    row = Conversation(messages=(row.messages[0], first, *row.messages[2:]))
    assert learnt_text(tokenizer, learn(masker_of(tokenizer, "chat_completion"), row)) == ["good<|im_end|>"]


def test_tool_calls_are_learnt_and_their_results_are_not(model_folder: Any) -> None:
    tokenizer = read_tokenizer(model_folder("tools"))
    call = {"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}
    row = Conversation(
        messages=(
            Message(role="user", content="1+1?"),
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content="2"),
            Message(role="assistant", content="Two."),
        ),
        tools=({"type": "function", "function": {"name": "add"}},),
    )
    first, last = learnt_text(tokenizer, learn(masker_of(tokenizer, "chat_completion"), row))
    assert first.startswith('[{"type": "function"')
    assert first.endswith("<|im_end|>")
    assert last == "Two.<|im_end|>"


def test_tools_that_a_template_leaves_out_are_refused(model_folder: Any) -> None:
    masker = masker_of(read_tokenizer(model_folder("chatml")), "chat_completion")
    row = talk(("user", "a"), ("assistant", "b"), tools=[{"function": {"name": "add"}}])
    with pytest.raises(RowRefused) as refused:
        masker.rendered(row)
    assert refused.value.refusal.reason == Reason.TOOLS_NOT_RENDERED


def test_a_system_prompt_that_a_template_refuses_is_told(model_folder: Any) -> None:
    masker = masker_of(read_tokenizer(model_folder("mistral")), "chat_completion")
    with pytest.raises(RowRefused) as refused:
        masker.rendered(talk(("system", "s"), ("user", "a"), ("assistant", "b")))
    assert "only user and assistant" in refused.value.refusal.got


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", "a special token must end it"),
        (
            "{% for m in messages %}{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}A:{% endif %}",
            "when the",
        ),
        ("{% for m in messages %}{{ m.content ", "refuses"),
        ("{{ messages[-1].content }}</s>", "when the answer is asked for"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}</s>{% endfor %}", "asked for|2 times"),
    ],
)
def test_a_template_whose_mask_cannot_be_proven_is_refused(model_folder: Any, template: str, said: str) -> None:
    with pytest.raises(UnusableTemplate, match=said):
        masker_of(read_tokenizer(model_folder(template)), "chat_completion")


def test_marks_that_leave_the_stop_token_out_are_not_trusted(model_folder: Any) -> None:
    """Loss would look healthy, and the model would never stop."""
    marked = (
        "{% for m in messages %}{% if m.role == 'assistant' %}<|im_start|>assistant\n{% generation %}{{ m.content }}"
        "{% endgeneration %}<|im_end|>\n{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    tokenizer = read_tokenizer(model_folder(marked))
    masker = masker_of(tokenizer, "chat_completion")
    assert learnt_text(tokenizer, learn(masker, talk(("user", "a"), ("assistant", "b")))) == ["b<|im_end|>"]


def test_a_tokenizer_without_template_or_pad_still_trains_on_pairs_and_text(model_folder: Any) -> None:
    tokenizer = read_tokenizer(model_folder(None))
    assert tokenizer.pad == tokenizer.eos
    assert learn(masker_of(tokenizer, "continued_pretraining"), Text(text="one two")).ids[-1] == tokenizer.eos
    with pytest.raises(UnusableTemplate, match="no chat template"):
        masker_of(tokenizer, "chat_completion")


def test_a_tokenizer_without_end_is_refused(model_folder: Any) -> None:
    with pytest.raises(UnsupportedModel, match="no eos_token"):
        read_tokenizer(model_folder(None, {"eos_token": None}))
