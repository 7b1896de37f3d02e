"""A tokenizer trained on the spot and the chat templates that models have, in folders as base models come."""

import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\n"
    "You are tiny.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] +"
    " ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] | trim + eos_token }}{% else %}"
    "{{ raise_exception('only user and assistant') }}{% endif %}{% endfor %}"
)
LLAMA3 = (
    "{{- bos_token }}\n{%- for message in messages %}\n    {{- '<|start_header_id|>' + message['role'] +"
    " '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}\n{%- endfor %}\n{%- if "
    "add_generation_prompt %}\n    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}\n{%- endif %}"
)
TOOLS = (
    "{% if tools %}<|im_start|>tools\n{{ tools | tojson }}<|im_end|>\n{% endif %}{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}{% if message.tool_calls %}{{ message.tool_calls | tojson }}"
    "{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKED = (
    "{% for message in messages %}{% if message.role == 'assistant' %}<|im_start|>assistant\n{% generation %}"
    "{{ message.content }}<|im_end|>{% endgeneration %}\n{% else %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% endif %}"
)
TEMPLATES = {"chatml": CHATML, "mistral": MISTRAL, "llama3": LLAMA3, "tools": TOOLS, "marked": MARKED}
SPECIAL = ("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
CORPUS = (
    "What is the capital of France? The capital of France is Paris.",
    "Count to three: one, two, three. user assistant system tools You are tiny.",
    "The quick brown fox jumps over the lazy dog. 0123456789 ünïcödé 日本 🙂",
)
Folder = Callable[..., Path]


@pytest.fixture(scope="session")
def tokenizer_json() -> str:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    text: str = tokenizer.to_str()
    return text


@pytest.fixture
def model_folder(tmp_path: Path, tokenizer_json: str) -> Folder:
    """A folder with tokenizer and template; `template=None` is a base model's."""

    def make(template: str | None = "chatml", config: Mapping[str, object] | None = None) -> Path:
        folder = tmp_path / f"model-{zlib.crc32(repr((template, config)).encode())}"
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(tokenizer_json)
        settings: dict[str, object] = {"bos_token": "<s>", "eos_token": "</s>", **(config or {})}
        if template is not None:
            settings["chat_template"] = TEMPLATES.get(template, template)
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        return folder

    return make
