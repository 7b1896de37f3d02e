"""From the plan to candidates that can be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from brickyard_pipelines.finetuning.candidates.answers_file import AnswersFile
from brickyard_pipelines.finetuning.candidates.catalog_model import catalog_model
from brickyard_pipelines.finetuning.candidates.directory import Directory
from brickyard_pipelines.finetuning.candidates.endpoint import Endpoint, workspace_post
from brickyard_pipelines.finetuning.candidates.lm_eval_samples import LmEvalSamples
from brickyard_pipelines.finetuning.candidates.protocol import Candidate
from brickyard_pipelines.finetuning.plan.document import Plan
from brickyard_pipelines.finetuning.plan.evaluation import CandidateSource, Price


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """A candidate that is not opened yet: weights are loaded for one at a time."""

    source: CandidateSource
    root: Path
    cache: Path
    batch_size: int

    @property
    def name(self) -> str:
        """What it is called."""
        return self.source.name

    @property
    def price(self) -> Price | None:
        """What its answers cost."""
        return self.source.price

    @contextmanager
    def opened(self) -> Iterator[Candidate]:
        """The candidate, until its memory is wanted for the next.

        Errors: UnusableCandidate.
        """
        candidate = self._open()
        try:
            yield candidate
        finally:
            candidate.close()

    def _open(self) -> Candidate:
        source = self.source
        if source.path is not None:
            return Directory(source.name, self.root / source.path, batch_size=self.batch_size)
        if source.endpoint is not None:
            post = workspace_post(source.endpoint)
            return Endpoint(source.name, source.endpoint, post, batch_size=self.batch_size)
        if source.model is not None:
            return catalog_model(source.name, source.model, self.cache, batch_size=self.batch_size)
        if source.lm_eval is not None:
            return LmEvalSamples(source.name, self.root / source.lm_eval)
        return AnswersFile(source.name, self.root / str(source.answers))


def offered(plan: Plan, *, root: Path, cache: Path) -> list[Offered]:
    """The base models, then the other candidates of the plan; paths are relative to `root`."""
    base = [CandidateSource(name=model.name, path=model.path) for model in plan.base_models]
    return [
        Offered(source=source, root=root, cache=cache, batch_size=plan.evaluation.batch_size)
        for source in (*base, *plan.evaluation.candidates)
    ]
