"""Rules from folders: the built-in ones, then a team's, of which one with the same id replaces ours."""

import string
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from brickyard_review.errors import InvalidRule
from brickyard_review.rules.model import Rule

BUILTIN = Path(__file__).parent / "builtin"


def load_rules(folders: Iterable[Path] = ()) -> tuple[Rule, ...]:
    """Errors: InvalidRule, with the file and the place in it."""
    rules = {rule.id: rule for rule in _builtin()}
    for folder in folders:
        if not folder.is_dir():
            raise InvalidRule(f"{folder}: there is no such folder of rules.")
        rules |= {rule.id: rule for rule in _folder(folder)}
    return tuple(rules.values())


@cache
def _builtin() -> tuple[Rule, ...]:
    return _folder(BUILTIN)


def _folder(folder: Path) -> tuple[Rule, ...]:
    return tuple(read_rule(path) for path in sorted(folder.glob("*.yaml")))


def read_rule(path: Path) -> Rule:
    """One rule; its file has its id for a name. Errors: InvalidRule."""
    try:
        rule = Rule.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER))  # noqa: S506 - safe
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidRule(f"{path}: cannot be read as YAML ({type(error).__name__}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidRule(f"{path}: {where}: {first['msg']}.") from error
    if rule.id != path.stem:
        raise InvalidRule(f"{path}: its id is {rule.id}; the file must be {rule.id}.yaml.")
    _check_message(rule, path)
    return rule


def _check_message(rule: Rule, path: Path) -> None:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(rule.message) if name is not None]
    except ValueError as error:
        raise InvalidRule(f"{path}: message: {error}.") from error
    wrong = [name for name in names if not name.isidentifier()]
    if wrong:
        raise InvalidRule(f"{path}: message: {{{wrong[0]}}} is no field; fields are plain names.")


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
