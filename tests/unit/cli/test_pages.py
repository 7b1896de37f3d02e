"""Commands that README, docs and bench/RESULTS.md show are commands that there are, with these very options."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from brickyard import main, review
from brickyard_pipelines.finetuning import command as finetuning

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "INVARIANTS.md")),
        ROOT / "bench" / "RESULTS.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "guides").glob("*.md"),
    ]
)
_CODE_SPAN = re.compile(r"`([^`\n]+)`")


def lines(page: Path) -> Iterator[str]:
    """Lines to be typed: indented or fenced, whole again where they go on after a backslash."""
    is_fenced = False
    for line in page.read_text().replace("\\\n", " ").splitlines():
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            yield line.strip()


def spans(page: Path) -> Iterator[str]:
    """Code within sentences; options of a longer command may stand alone."""
    for found in _CODE_SPAN.finditer(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)):
        yield found[1]


def words_after(line: str, command: str) -> list[str] | None:
    """The command's arguments, if it is what the line runs; what a reader replaces is a word."""
    told = re.search(rf"(?:^|; |&& |pipenv run ){command} (.+)$", line)
    if told is None:
        return None
    plain = re.sub(r"<[^>]+>", "X", told[1].split(" | ")[0].split(" && ")[0])
    plain = re.sub(r"(\w+)(\|\w+)+", r"\1", plain)  # one of several
    return [word for word in shlex.split(plain, comments=True) if word != "…"]


def refusal(parser: argparse.ArgumentParser, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the parser says of them, or nothing."""
    try:
        parser.parse_args(words)
    except SystemExit:
        return capsys.readouterr().err.splitlines()[-1]
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_command_line_takes_every_line_that_a_page_shows(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    for line in lines(page):
        words = words_after(line, "brickyard")
        if words:
            is_review = words[0] == "review"
            parser = review._parser() if is_review else main._parser()
            said = refusal(parser, words[1:] if is_review else words, capsys)
            wrong += [f"{line}: {said}"] if said else []
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_in_sentences_exist_with_their_options(page: Path) -> None:
    commands = {"brickyard": main._parser, "finetuning": finetuning._parser}
    wrong = []
    for span in spans(page):
        for command, parser in commands.items():
            words = words_after(span, command)
            wrong += [f"`{span}`: no {each}" for each in (unknown(parser(), words) if words else ())]
    assert not wrong


def unknown(parser: argparse.ArgumentParser, words: list[str]) -> Iterator[str]:
    """Of a command that may stand without its arguments: the first verb, and every option, that there is not."""
    for at, word in enumerate(words):
        verbs = next((each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)), None)
        if verbs is None:
            break
        if word not in verbs:
            yield word
            return
        parser = review._parser() if words[: at + 1] == ["review"] else verbs[word]
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    yield from options - set(parser._option_string_actions)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {word for line in [*lines(page), *spans(page)] for word in re.findall(r"^make ([a-z-]+)", line)}
    assert not told - targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_benches_and_tests_that_a_page_names_exist_and_know_their_options(page: Path) -> None:
    wrong = []
    for span in spans(page):
        for name in re.findall(r"\b((?:bench|tests)/[\w/]+\.py)", span):
            if not (ROOT / name).is_file():
                wrong.append(f"`{span}`: there is no {name}")
            elif name.startswith("bench/"):
                script = (ROOT / name).read_text()
                given = re.findall(r"--[a-z-]+", span)
                wrong += [f"`{span}`: {name} has no {each}" for each in given if f'"{each}"' not in script]
        wrong += [
            f"`{span}`: no such folder" for name in re.findall(r"^(tests/[\w/]+)$", span) if not (ROOT / name).exists()
        ]
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    assert not [each for each in targets if "://" not in each and not (page.parent / each).exists()]


def test_every_picture_is_shown_on_a_page() -> None:
    shown = "".join(page.read_text() for page in PAGES)
    assert not [path.name for path in (ROOT / "docs" / "images").iterdir() if f"images/{path.name})" not in shown]
