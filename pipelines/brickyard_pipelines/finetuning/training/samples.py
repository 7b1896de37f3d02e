"""Fixed prompts answered while a model learns, greedily: what a person reads beside a curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MAX_TOKENS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampler:
    """The prompts, and how they are put to the model. `tokenizer` is transformers'."""

    prompts: Sequence[str]
    system_prompt: str | None
    tokenizer: Any
    as_chat: bool
    stop_ids: Sequence[int]
    pad: int

    def __call__(self, model: Any) -> list[Mapping[str, Any]]:
        """Prompt, answer, and whether the model ended it by itself."""
        import torch
        from torch.distributed.fsdp import FSDPModule

        training = model.training
        model.eval()
        try:
            with torch.no_grad():
                return [self._answered(model, prompt) for prompt in self.prompts]
        finally:
            model.train(training)
            for part in model.modules():
                if isinstance(part, FSDPModule):
                    part.reshard()  # some keep what they have gathered until a backward pass, and there was none

    def _answered(self, model: Any, prompt: str) -> Mapping[str, Any]:
        ids = self._ids(prompt).to(next(model.parameters()).device)
        made = model.generate(
            input_ids=ids,
            max_new_tokens=_MAX_TOKENS,
            do_sample=False,
            use_cache=True,
            eos_token_id=list(self.stop_ids),
            pad_token_id=self.pad,
        )
        answer = made[0, ids.shape[1] :].tolist()
        stopped = bool(answer) and answer[-1] in self.stop_ids
        text = self.tokenizer.decode(answer[:-1] if stopped else answer)
        return {"prompt": prompt, "answer": text, "stopped": stopped}

    def _ids(self, prompt: str) -> Any:
        if not self.as_chat:
            return self.tokenizer(prompt, return_tensors="pt")["input_ids"]
        system = [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []
        messages = [*system, {"role": "user", "content": prompt}]
        return self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )["input_ids"]
