"""Post a review where its pull request is, or that there is none: an earlier, better one may not stand."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brickyard_review import Review
    from brickyard_review.posting.post import Platform, Posted, Run


class Poster:
    """The pull request that this pipeline runs for. Errors when made: CannotPost, for variables that are missing."""

    def __init__(self, platform: str, key: str) -> None:
        from brickyard_review.posting.places import place

        self._key = key
        found: tuple[Platform, Run] = place(platform, os.environ)
        self._platform, self._run = found

    def post(self, made: "Review") -> None:
        """Errors: CannotPost."""
        from brickyard_review.posting.marker import room
        from brickyard_review.posting.post import of_review
        from brickyard_review.render.markdown.document import to_markdown

        text = to_markdown(made, room(self._platform.most_characters), run_url=self._run.url)
        self._tell(self._platform.post(of_review(made, text, key=self._key, run=self._run)))

    def post_failure(self, reason: str) -> None:
        """Errors: CannotPost."""
        from brickyard_review.posting.post import of_failure

        self._tell(self._platform.post(of_failure(reason, key=self._key, run=self._run)))

    def _tell(self, posted: "Posted") -> None:
        print(f"brickyard review: comment {posted.outcome}, {posted.url}", file=sys.stderr)
