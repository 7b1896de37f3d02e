"""`brickyard train`: run the model workflow of every project in an environment, and follow it to its end."""

import argparse

from brickyard.clone import Clone
from brickyard.screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The environment, and which projects."""
    parser.add_argument("environment", metavar="ENV")
    parser.add_argument("projects", metavar="PROJECT", nargs="*", help="default: all")
    parser.set_defaults(run=_run, any_environment=True)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> None:
    """A run that succeeded with these settings before, and left a champion, counts. Errors: JobFailed, CannotSignIn."""
    from brickyard.ask import champion_version
    from brickyard.environment import names_of
    from brickyard.errors import JobFailed
    from brickyard.sign_in import workspace_client
    from brickyard.workflow import run_workflow
    from brickyard_stacks.settings import environment_file, load_environment

    environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": options.environment}))
    names = {each.project: each for each in names_of(clone, environment.name).projects}
    if unknown := sorted(set(options.projects) - names.keys()):
        raise JobFailed(f"There is no project {', '.join(unknown)}. There are: {', '.join(sorted(names)) or 'none'}.")
    client = workspace_client(clone, environment)
    for project in (names[name] for name in options.projects or sorted(names)):
        with screen.step(f"Job {project.job}") as step:
            promoted = champion_version(client, project.model) is not None
            run = run_workflow(client, project.job, promoted=promoted, say=step.say)
            step.done(f"run {run.run_id}" if run.fresh else f"run {run.run_id} succeeded before with these settings")
