"""A language model in this process: greedy answers and the likelihood of texts, by torch and transformers, offline.

Answers are as `generate` gives them without sampling. A text's tokens are those of the prompt and those of what
follows, each tokenised alone: as a model meets them when it answers.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnusableCandidate


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """An answer's tokens as text, how many of them there are, and whether a stop token ended them."""

    text: str
    tokens: int
    stopped: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Likelihood:
    """Minus the log-likelihood of a text, in nats, and how many of its tokens were scored."""

    nll: float
    tokens: int


class LanguageModel:
    """The weights and the tokenizer of a folder, loaded once."""

    def __init__(self, folder: Path, *, tokenizer_folder: Path | None = None) -> None:
        torch, transformers = _libraries(folder)
        self._torch = torch
        where = str(tokenizer_folder or folder)
        self._on = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if self._on == "cuda" else torch.float32
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(where, local_files_only=True)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=dtype
            )
        except Exception as error:  # a damaged file raises its library's own kinds
            got, fix = " ".join(str(error).split())[:200], "Copy the whole folder again, or choose another model."
            raise UnusableCandidate([Problem(where=str(folder), got=got, rule="it can be loaded", fix=fix)]) from error
        self._model: Any = model.to(self._on).eval()
        self._ends = _stop_ids(self._model, self.tokenizer)
        self._pad = self.tokenizer.pad_token_id
        if self._pad is None:
            self._pad = min(self._ends, default=0)  # masked by place
        self.context = int(getattr(self._model.config, "max_position_embeddings", 0) or 0)

    def prompt(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """The text that asks for an answer: by the chat template, or the one message of a model without.

        Errors: UnusableCandidate for a conversation that the model has no words for.
        """
        if self.tokenizer.chat_template:
            try:
                text = self.tokenizer.apply_chat_template(
                    [dict(each) for each in messages], tokenize=False, add_generation_prompt=True
                )
            except Exception as error:  # a template raises what it likes
                raise UnusableCandidate(f"the chat template refuses {_shown(messages)}: {error}") from error
            return str(text)
        if len(messages) != 1:
            raise UnusableCandidate(
                f"got {_shown(messages)}; a model without a chat template takes one prompt. Ask an instruct model."
            )
        return str(messages[0]["content"])

    def tokens(self, text: str) -> list[int]:
        """A prompt's tokens; what begins every text stands in chat templates already."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=not self.tokenizer.chat_template)["input_ids"]
        return ids

    def plain_tokens(self, text: str) -> list[int]:
        """A continuation's tokens."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def answers(self, prompts: Sequence[Sequence[int]], most: int) -> tuple[list[Said], float]:
        """Greedy answers to a batch of prompts, and the seconds it took."""
        torch = self._torch
        width = max(map(len, prompts))
        ids = torch.tensor([[self._pad] * (width - len(each)) + list(each) for each in prompts], device=self._on)
        mask = torch.tensor([[0] * (width - len(each)) + [1] * len(each) for each in prompts], device=self._on)
        ends = sorted(self._ends) or None
        began = time.perf_counter()
        with torch.inference_mode():
            found = self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=most,
                do_sample=False,
                num_beams=1,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=self._pad,
                eos_token_id=ends,
            )
        took_s = time.perf_counter() - began
        return [self._said(row) for row in found[:, width:].tolist()], took_s

    def likelihoods(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Likelihood]:
        """Of each text behind its prompt; the first token of a text without one is given, not scored."""
        torch = self._torch
        rows = [[*before, *after] for before, after in pairs]
        width = max(map(len, rows))
        ids = torch.tensor([row + [self._pad] * (width - len(row)) for row in rows], device=self._on)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=self._on)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask).logits.float()
        found = []
        for number, ((before, after), row) in enumerate(zip(pairs, rows, strict=True)):
            first = max(len(before), 1)
            scores = torch.log_softmax(logits[number, first - 1 : len(row) - 1], dim=-1)
            chosen = scores.gather(1, ids[number, first : len(row)].unsqueeze(1))
            found.append(Likelihood(nll=float(-chosen.double().sum()), tokens=len(row) - first))
            assert len(after) >= len(row) - first  # noqa: S101 - only the continuation is scored
        return found

    def close(self) -> None:
        """Let go of the weights."""
        self._model = None
        if self._on == "cuda":
            self._torch.cuda.empty_cache()

    def _said(self, row: list[int]) -> Said:
        """The tokens up to the stop token; what pads a shorter answer of the batch stands behind it."""
        end = next((number for number, token in enumerate(row) if token in self._ends), None)
        kept = row if end is None else row[:end]
        text = str(self.tokenizer.decode(kept, skip_special_tokens=True))
        return Said(text=text.strip(), tokens=len(kept) + (end is not None), stopped=end is not None)


def _stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """What ends an answer: as the generation configuration says, and the tokenizer's end of sequence."""
    found = getattr(model.generation_config, "eos_token_id", None)
    listed = found if isinstance(found, list) else [] if found is None else [found]
    own = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    return frozenset(map(int, [*listed, *own]))


def _libraries(folder: Path) -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        rule = "a folder is asked by torch and transformers"
        fix = "Install them (`make setup-finetuning`), or give its answers as a file."
        raise UnusableCandidate([Problem(where=str(folder), got=str(error), rule=rule, fix=fix)]) from error
    return torch, transformers


def _shown(messages: Sequence[Mapping[str, Any]]) -> str:
    return f"turns of {', '.join(str(each.get('role')) for each in messages)}"
