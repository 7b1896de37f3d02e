"""Every problem of a clone's settings at once: of each file by itself, and of the files together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from brickyard_stacks.errors import InvalidSettings, Problem
from brickyard_stacks.settings.document import Document, read_document
from brickyard_stacks.settings.environment import Environment
from brickyard_stacks.settings.explain import problem_of
from brickyard_stacks.settings.load import environment_of, project_of
from brickyard_stacks.settings.project import Project
from brickyard_stacks.settings.rules.together import rules_between, rules_of_appliers, rules_of_project_in

Read = TypeVar("Read")


@dataclass(frozen=True, kw_only=True, slots=True)
class File(Generic[Read]):
    """A settings file that is right by itself."""

    document: Document
    settings: Read


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was read, and everything that is wrong with it, in the order of the files."""

    environments: tuple[File[Environment], ...]
    projects: tuple[File[Project], ...]
    problems: tuple[Problem, ...]


def check_settings(environments: Sequence[Path], projects: Sequence[Path]) -> Checked:
    """Read every file; those that are right by themselves are compared with each other."""
    problems: list[Problem] = []
    right = tuple(_read(environments, environment_of, problems))
    right_projects = tuple(_read(projects, project_of, problems))
    problems += [*_between(right), *_of_projects(right_projects, right), *_of_appliers(right, projects)]
    order = {path: index for index, path in enumerate((*environments, *projects))}
    problems.sort(key=lambda p: (order[p.file], p.line, p.key))
    return Checked(environments=right, projects=right_projects, problems=tuple(problems))


def check_together(environment: Path, projects: Sequence[Path]) -> tuple[Environment, tuple[Project, ...]]:
    """One environment and the projects that are deployed to it. Errors: InvalidSettings, with every problem."""
    checked = check_settings([environment], projects)
    if checked.problems:
        raise InvalidSettings(checked.problems)
    return checked.environments[0].settings, tuple(file.settings for file in checked.projects)


def _read(paths: Sequence[Path], parse: Callable[[Document], Read], problems: list[Problem]) -> Iterator[File[Read]]:
    for path in paths:
        try:
            document = read_document(path)
            yield File(document=document, settings=parse(document))
        except InvalidSettings as error:
            problems.extend(error.problems)


def _between(files: Sequence[File[Environment]]) -> Iterator[Problem]:
    documents = {file.settings.name: file.document for file in files}
    for environment, broken in rules_between([file.settings for file in files]):
        yield problem_of(broken, documents[environment.name])


def _of_appliers(files: Sequence[File[Environment]], projects: Sequence[Path]) -> Iterator[Problem]:
    names = tuple(path.absolute().parent.name for path in projects)
    for file in files if names else ():
        for broken in rules_of_appliers(file.settings, names):
            yield problem_of(broken, file.document)


def _of_projects(projects: Sequence[File[Project]], environments: Sequence[File[Environment]]) -> Iterator[Problem]:
    for project in projects:
        for environment in environments:
            for broken in rules_of_project_in(project.settings, environment.settings):
                yield problem_of(broken, project.document)
