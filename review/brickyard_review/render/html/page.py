"""The page: everything of a review, searchable, in one file that opens without a network.

Every text is escaped by the template; the page's own policy lets a browser run its one script and load nothing else, so
that a text of a plan stays a text.
"""

import base64
import hashlib
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from brickyard_review.model import Blast, Review
from brickyard_review.render import words
from brickyard_review.render.picture import svg

_FOLDER = "brickyard_review.render.html"


def to_html(review: Review) -> str:
    """The page as text."""
    script, style = _part("page.js"), _part("page.css")
    return _template().render(
        review=review,
        words=words,
        picture=_picture,
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src '{_hash(script)}'; base-uri 'none'",
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("brickyard_review.render", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


@cache
def _part(name: str) -> str:
    return resources.files(_FOLDER).joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _picture(blast: Blast) -> Markup:
    return Markup(svg(blast))  # noqa: S704 - the picture escapes what it shows
