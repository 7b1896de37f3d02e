"""Base models made on the spot, in folders as real ones come: a tokenizer trained here, chat templates, a tiny Llama.

`write_tokenizer` needs `tokenizers`, `tiny_llama` torch and transformers too; both are read where they are used.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

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
SPECIAL = (
    *("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    "<|pad|>",
)
CORPUS = (
    "What is the capital of France? The capital of France is Paris.",
    "Count to three: one, two, three. user assistant system tools You are tiny.",
    "The quick brown fox jumps over the lazy dog. 0123456789 ünïcödé 日本 🙂",
)
# What the tokenizer of an instruct model names: its answers end with <|im_end|>, and padding is a token of its own.
CHAT_TOKENS = {"eos_token": "<|im_end|>", "pad_token": "<|pad|>"}


@cache
def tokenizer_json() -> str:
    """A byte-level BPE of at most 400 tokens, as tokenizer.json holds it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return str(tokenizer.to_str())


def write_tokenizer(
    folder: Path, *, template: str | None = "chatml", config: Mapping[str, object] | None = None
) -> Path:
    """The tokenizer's files; `template` is a name of TEMPLATES, a template itself, or None as base models have it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer_json(), encoding="utf-8")
    settings: dict[str, object] = {"bos_token": "<s>", "eos_token": "</s>", **(config or {})}
    if template is not None:
        settings["chat_template"] = TEMPLATES.get(template, template)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def tiny_llama(
    folder: Path, *, template: str | None = "chatml", seed: int = 0, context: int = 512, tied: bool = True
) -> Path:
    """A whole base model: Llama of two layers and about 0.1 million parameters, drawn by `seed`, with its tokenizer.

    With `template=None` it is a base model without chat: texts end with </s>.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    write_tokenizer(
        folder,
        template=template,
        config={
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": context,
            **(CHAT_TOKENS if template is not None else {"pad_token": "<|pad|>"}),
        },
    )
    vocabulary = json.loads(tokenizer_json())["model"]["vocab"]
    ends = CHAT_TOKENS["eos_token"] if template is not None else "</s>"
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        tie_word_embeddings=tied,
        bos_token_id=vocabulary["<s>"],
        eos_token_id=vocabulary[ends],
        pad_token_id=vocabulary["<|pad|>"],
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder
