"""A training template for a chat template that does not mark what the assistant generates. Pure.

The template is asked with sentinels: what it puts before and after each role's words is read off, and conversations are
written with these pieces, the assistant's words and the token that ends them marked. Nothing is taken on trust: the two
must write the same text on every probe here, and later on every row.
"""

from collections.abc import Callable, Mapping, Sequence

from brickyard_pipelines.finetuning.errors import UnusableTemplate
from brickyard_pipelines.finetuning.templates.pieces import NO_SYSTEM, Pieces
from brickyard_pipelines.finetuning.templates.rendering import ChatTemplate

_Turns = Sequence[Mapping[str, str]]
_ASKED, _SAID, _AGAIN, _MORE, _RULE = "AskedQq", "SaidQq", "AgainQq", "MoreQq", "RuleQq"
PROBES: tuple[_Turns, ...] = (
    ({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}),
    (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": " spaces around \n"},
        {"role": "assistant", "content": "\tTab and line\n\nbreaks "},
    ),
    (
        {"role": "user", "content": "Ünïcödé 日本 🙂 {{ braces }} {% if %} 'quotes' \"two\" \\n"},
        {"role": "assistant", "content": "1. one\n2. two <b>html</b>"},
        {"role": "user", "content": "assistant"},
        {"role": "assistant", "content": "user system"},
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "y"},
    ),
)


def derive(template: ChatTemplate, stop_in: Callable[[str], str]) -> Pieces:
    """The training template. `stop_in` gives a text up to and with its first special token.

    Errors: UnusableTemplate when the template is not made of such pieces, has no stop token, or asks for the answer
    otherwise than the training text begins it.
    """
    pieces = _pieces(template, stop_in)
    for turns in PROBES:
        if _refuses_system(pieces, turns):
            continue
        for asked in (False, True):
            mine = pieces.render(turns, add_generation_prompt=asked).text
            theirs = template.render(turns, add_generation_prompt=asked).text
            if mine != theirs:
                raise UnusableTemplate(_unequal(mine, theirs))
    return pieces


def check_asks_as_taught(template: ChatTemplate) -> None:
    """Nothing where the text before an answer is the same in training and when the answer is asked for.

    Errors: UnusableTemplate with both.
    """
    turns = PROBES[0]
    asked = template.render(turns[:-1], add_generation_prompt=True).text
    taught = template.render(turns).text
    if not taught.startswith(asked):
        raise UnusableTemplate(
            f"got {asked[-60:]!r} when the answer is asked for, {taught[-60:]!r} in training; an answer is learnt after"
            " the text that asks for it. Use a template whose add_generation_prompt writes what precedes an answer."
        )


def _pieces(template: ChatTemplate, stop_in: Callable[[str], str]) -> Pieces:
    asked = {"role": "user", "content": _ASKED}
    said = {"role": "assistant", "content": _SAID}
    again = ({"role": "user", "content": _AGAIN}, {"role": "assistant", "content": _MORE})
    check_asks_as_taught(template)
    two = template.render((asked, said)).text
    before, _, footer = _cut(two, _SAID)
    four = template.render((asked, said, *again)).text
    after_two = _cut(_cut(four, _SAID)[2], _AGAIN)
    between = _cut(after_two[2], _MORE)
    before_user = _without(after_two[0], footer, front=True)
    one = template.render((asked,)).text
    opening, _, after_user = _cut(one, _ASKED)
    stop = stop_in(footer)
    first_answer = _cut(before, _ASKED)[2]
    if between[0] != first_answer or between[2] != footer:
        raise UnusableTemplate("the template writes its first and later turns differently")
    system, after_system = _with_system(template, asked, before_user)
    return Pieces(
        opening=_without(opening, before_user, front=False),
        opening_with_system=system,
        after_system=after_system,
        before_user=before_user,
        after_user=after_user,
        before_assistant=_without(first_answer, after_user, front=True),
        stop=stop,
        rest=footer[len(stop) :],
        generation_prompt=_without(template.render((asked,), add_generation_prompt=True).text, one, front=True),
        trimmed=_trimmed(template),
    )


def _with_system(template: ChatTemplate, asked: Mapping[str, str], before_user: str) -> tuple[str, str]:
    """What stands before and after a system prompt; two NULs where the template takes none."""
    try:
        text = template.render(({"role": "system", "content": _RULE}, asked)).text
        before, _, after = _cut(text, _RULE)
    except UnusableTemplate:
        return NO_SYSTEM, ""
    return before, _without(_cut(after, _ASKED)[0], before_user, front=False)


def _refuses_system(pieces: Pieces, turns: _Turns) -> bool:
    return pieces.opening_with_system == NO_SYSTEM and turns[0]["role"] == "system"


def _trimmed(template: ChatTemplate) -> frozenset[str]:
    """The roles whose words lose the white space around them."""
    found = set()
    for role, turns in (
        ("user", [("user", " Xq "), ("assistant", "a")]),
        ("assistant", [("user", "a"), ("assistant", " Xq ")]),
        ("system", [("system", " Xq "), ("user", "a"), ("assistant", "b")]),
    ):
        try:
            text = template.render([{"role": who, "content": words} for who, words in turns]).text
        except UnusableTemplate:
            continue
        if " Xq " not in text:
            found.add(role)
    return frozenset(found)


def _cut(text: str, at: str) -> tuple[str, str, str]:
    if text.count(at) != 1:
        raise UnusableTemplate(f"the template prints a message {text.count(at)} times: {text[:200]!r}")
    return text.partition(at)


def _without(text: str, piece: str, *, front: bool) -> str:
    held = text.startswith(piece) if front else text.endswith(piece)
    if not held:
        raise UnusableTemplate(f"the template writes {text!r} where its other turns write {piece!r}")
    return text[len(piece) :] if front else text[: len(text) - len(piece)]


def _unequal(mine: str, theirs: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), min(len(mine), len(theirs)))
    return (
        f"the derived training template writes {mine[at : at + 40]!r} at character {at}, the model's"
        f" {theirs[at : at + 40]!r}; they must be equal. Give the folder a chat_template.jinja with"
        " {% generation %} around the assistant's words."
    )
