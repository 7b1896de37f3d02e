"""A candidate in a folder: a model in transformers' format, asked in this process."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from brickyard_pipelines.finetuning.candidates.fingerprint import model_sha256
from brickyard_pipelines.finetuning.candidates.generation import LanguageModel, Likelihood, Said
from brickyard_pipelines.finetuning.candidates.protocol import Needs
from brickyard_pipelines.finetuning.errors import UnusableAnswers, UnusableCandidate
from brickyard_pipelines.finetuning.evaluation.answers import Answer
from brickyard_pipelines.finetuning.evaluation.questions import Question

_NOTHING = Said(text="", tokens=0, stopped=False)


class Directory:
    """A model's folder. Nothing is asked of a hub, and nothing is cut: what does not fit is refused by its id."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        batch_size: int = 8,
        tokenizer_folder: Path | None = None,
        identity: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.batch_size = batch_size
        self.identity: Mapping[str, str] = identity or {"kind": "path", "sha256": model_sha256(folder)}
        self._folder, self._tokenizer_folder = folder, tokenizer_folder
        self._loaded: LanguageModel | None = None

    def answer(self, questions: Sequence[Question], needs: Needs) -> Sequence[Answer]:
        """A batch at once: who asks waits for the longest answer of it.

        Errors: UnusableCandidate when it cannot be loaded; UnusableAnswers when a question does not fit its context.
        """
        model = self._model()
        prompts = [self._prompt(model, question) for question in questions]
        said, took_s = [_NOTHING] * len(questions), 0.0
        if needs.words:
            for question, prompt in zip(questions, prompts, strict=True):
                _fit(model, question, len(prompt) + needs.max_new_tokens, "prompt and answer")
            said, took_s = model.answers(prompts, needs.max_new_tokens)
        likely = self._references(model, questions, prompts) if needs.perplexity else [None] * len(questions)
        chosen = self._choices(model, questions, prompts) if needs.choices else [None] * len(questions)
        return [
            Answer(
                text=each.text,
                latency_s=took_s if needs.words else None,
                busy_s=took_s / len(questions) if needs.words else None,
                stopped=each.stopped if needs.words else None,
                prompt_tokens=len(prompt),
                answer_tokens=each.tokens if needs.words else None,
                nll=None if found is None else found.nll,
                scored_tokens=None if found is None else found.tokens,
                chosen=choice,
            )
            for each, prompt, found, choice in zip(said, prompts, likely, chosen, strict=True)
        ]

    def close(self) -> None:
        """Let go of the weights."""
        if self._loaded is not None:
            self._loaded.close()
            self._loaded = None

    def _model(self) -> LanguageModel:
        if self._loaded is None:
            self._loaded = LanguageModel(self._folder, tokenizer_folder=self._tokenizer_folder)
        return self._loaded

    def _prompt(self, model: LanguageModel, question: Question) -> list[int]:
        try:
            text = model.prompt(question.messages) if question.messages else ""
        except UnusableCandidate as error:
            raise UnusableCandidate(f"candidate {self.name!r}, question {question.id!r}: {error}") from error
        return model.tokens(text)

    def _references(
        self, model: LanguageModel, questions: Sequence[Question], prompts: Sequence[Sequence[int]]
    ) -> list[Likelihood | None]:
        """How likely each first reference is; a text longer than the context is scored in windows, each alone."""
        found: list[Likelihood | None] = []
        for question, prompt in zip(questions, prompts, strict=True):
            tokens = model.plain_tokens(question.references[0])
            if question.messages or not model.context:
                _fit(model, question, len(prompt) + len(tokens), "prompt and reference")
                windows = [tokens]
            else:
                step = model.context - len(prompt)
                windows = [tokens[at : at + step] for at in range(0, len(tokens), step)]
            parts = [model.likelihoods([(prompt, window)])[0] for window in windows if window]
            found.append(Likelihood(nll=sum(p.nll for p in parts), tokens=sum(p.tokens for p in parts)))
        return found

    def _choices(
        self, model: LanguageModel, questions: Sequence[Question], prompts: Sequence[Sequence[int]]
    ) -> list[str | None]:
        """The choice whose tokens are likeliest together, as lm-eval's `acc` has it; the first of equals."""
        found: list[str | None] = []
        for question, prompt in zip(questions, prompts, strict=True):
            if not question.choices:
                found.append(None)
                continue
            pairs = [(prompt, model.plain_tokens(choice)) for choice in question.choices]
            _fit(model, question, len(prompt) + max(len(after) for _, after in pairs), "prompt and choices")
            scores = model.likelihoods(pairs)
            found.append(question.choices[min(range(len(scores)), key=lambda at: scores[at].nll)])
        return found


def _fit(model: LanguageModel, question: Question, tokens: int, what: str) -> None:
    if model.context and tokens > model.context:
        raise UnusableAnswers(
            f"question {question.id!r}: got {tokens} tokens of {what}; the context holds {model.context}. Shorten it,"
            " or lower evaluation.max_new_tokens."
        )
