"""The whole comment: the verdict, a table of stacks, then each stack."""

from collections.abc import Iterator

from brickyard_review.model import Review, StackReview
from brickyard_review.render.markdown.budget import Block, fit
from brickyard_review.render.markdown.escaping import link, text
from brickyard_review.render.markdown.stack_blocks import stack_blocks
from brickyard_review.render.words import SIGNS, money

GITHUB_LIMIT = 65_536
AZURE_DEVOPS_LIMIT = 150_000
_MAX_NAME = 80


def to_markdown(review: Review, limit: int = GITHUB_LIMIT, *, run_url: str | None = None) -> str:
    """The review in at most `limit` characters: the verdict and what is dangerous stay, the rest goes from the end.

    `run_url` is the page of the run that has all of it, for what is left out.
    """
    return fit(list(_blocks(review)), limit, link("full review of this run", run_url))


def _blocks(review: Review) -> Iterator[Block]:
    title = f"## {SIGNS[review.verdict]} Plan review: {review.verdict}\n\n"
    shown = f"{text(review.headline)}\n" if len(review.stacks) != 1 else ""
    yield Block(priority=0, head=title + shown, rows=(), what="", fixed=True)
    if len(review.stacks) > 1:
        head = "\n| Stack | Verdict | Destroyed | Replaced | Changed | Created | Lose access | Cost |\n"
        rows = tuple(_stack_row(stack) for stack in review.stacks)
        yield Block(priority=0, head=head + "| --- |" + " --- |" * 7 + "\n", rows=rows, what="stacks")
    for stack in review.stacks:
        yield from stack_blocks(stack)


def _stack_row(stack: StackReview) -> str:
    counts = stack.counts
    numbers = (counts.delete, counts.replace, counts.update, counts.create, sum(bool(a.lost) for a in stack.access))
    cells = [text(stack.name[:_MAX_NAME]), f"{SIGNS[stack.verdict]} {stack.verdict}"]
    cells += [str(number or "") for number in numbers]
    return "| " + " | ".join([*cells, money(stack.cost) if stack.cost else ""]) + " |"
