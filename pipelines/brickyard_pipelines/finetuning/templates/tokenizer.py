"""A base model's tokenizer and chat template, read from its folder; nothing is asked of a hub.

Source: tokenizer.json (huggingface.co/docs/tokenizers); tokenizer_config.json and chat_template.jinja of transformers
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnsupportedModel, UnusableTemplate
from brickyard_pipelines.finetuning.templates.marking import Marker, marker_of
from brickyard_pipelines.finetuning.templates.rendering import ChatTemplate

_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTokenizer:
    """Text to token ids, and the special tokens, by id and by the text that turns into one.

    *Shapes*: `before` are the ids that begin every text, such as that of `<s>`.
    """

    folder: Path
    tokenizer: Any
    before: tuple[int, ...]
    eos: int
    pad: int
    special: frozenset[int]
    special_text: re.Pattern[str]
    template: ChatTemplate | None
    sha256: str

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """Encodings with ids and characters, without special tokens that are not in the text."""
        encodings: list[Any] = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return encodings

    def stop_in(self, text: str) -> str:
        """The text up to and with its first special token.

        Errors: UnusableTemplate when there is none, so that nothing would end an answer.
        """
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        for number, token in enumerate(encoding.ids):
            if token in self.special:
                return text[: encoding.token_to_chars(number)[1]]
        raise UnusableTemplate(
            f"{self.folder}: got {text!r} after an answer; a special token must end it, or the model never stops."
            " Use the chat template of an instruct model, or add the end-of-sequence token to it."
        )

    def marker(self) -> Marker:
        """The way to mark what is learnt of a conversation.

        Errors: UnusableTemplate without a template, or with one whose mask cannot be proven.
        """
        if self.template is None:
            raise UnusableTemplate(
                f"{self.folder}: got no chat template; conversations need one. Start from an instruct model, or put a"
                " chat_template.jinja there."
            )
        return marker_of(self.template, self.stop_in)


def read_tokenizer(folder: Path) -> ModelTokenizer:
    """The tokenizer of a model's folder.

    Errors: UnsupportedModel when tokenizer.json is missing or damaged, or no end-of-sequence token is named.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises Exception itself
        fix = "Save the model with a fast tokenizer (save_pretrained), and copy the whole folder."
        raise _refused(path, " ".join(str(error).split()), "a folder holds a fast tokenizer", fix) from error
    config = _config(folder)
    before = tuple(tokenizer.encode("", add_special_tokens=True).ids)
    eos = _id(tokenizer, config, "eos_token")
    if eos is None:
        fix = "Name eos_token in tokenizer_config.json."
        raise _refused(folder / "tokenizer_config.json", "no eos_token", "something ends a text", fix)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    _keep_characters(tokenizer)
    pad = _id(tokenizer, config, "pad_token")
    special = {number: token.content for number, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    return ModelTokenizer(
        folder=folder,
        tokenizer=tokenizer,
        before=tuple(token for token in before if token != eos or token == _id(tokenizer, config, "bos_token")),
        eos=eos,
        pad=eos if pad is None else pad,  # padding is masked by place, never by its id
        special=frozenset(special),
        special_text=re.compile("|".join(map(re.escape, special.values())) or r"(?!)"),
        template=_template(folder, config),
        sha256=_sha256(folder),
    )


def _keep_characters(tokenizer: Any) -> None:
    """No post-processor: it may move a token's characters off its white space, where a mask begins."""
    from tokenizers import processors

    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)


def _template(folder: Path, config: Mapping[str, Any]) -> ChatTemplate | None:
    file = folder / "chat_template.jinja"
    source = file.read_text(encoding="utf-8") if file.is_file() else config.get("chat_template")
    if isinstance(source, list):  # several by name, as {"name", "template"}
        named = {each["name"]: each["template"] for each in source}
        source = named.get("default")
    if not isinstance(source, str):
        return None
    names = ("bos_token", "eos_token", "pad_token", "unk_token")
    tokens = tuple((name, text) for name in names if (text := _content(config.get(name))))
    return ChatTemplate(source=source, tokens=tokens)


def _config(folder: Path) -> Mapping[str, Any]:
    """tokenizer_config.json over special_tokens_map.json."""
    merged: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        path = folder / name
        if not path.is_file():
            continue
        try:
            merged |= json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, TypeError) as error:
            raise _refused(path, str(error), "it must be a JSON object", "Copy the whole folder again.") from error
    return merged


def _id(tokenizer: Any, config: Mapping[str, Any], name: str) -> int | None:
    text = _content(config.get(name))
    found: int | None = tokenizer.token_to_id(text) if text else None
    return found


def _content(token: Any) -> str:
    if isinstance(token, Mapping):
        token = token.get("content")
    return token if isinstance(token, str) else ""


def _sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        path = folder / name
        digest.update(name.encode() + (path.read_bytes() if path.is_file() else b"\0"))
    return digest.hexdigest()


def _refused(path: Path, got: str, rule: str, fix: str) -> UnsupportedModel:
    return UnsupportedModel([Problem(where=str(path), got=got, rule=rule, fix=fix)])
