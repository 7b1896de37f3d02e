"""Typed settings: environments and projects, explained when they are wrong."""

from brickyard_stacks.settings.auth import Auth
from brickyard_stacks.settings.checking import check_together
from brickyard_stacks.settings.environment import Environment
from brickyard_stacks.settings.files import environment_file, environment_files, project_files
from brickyard_stacks.settings.load import load_environment, load_project
from brickyard_stacks.settings.ownership import Ownership
from brickyard_stacks.settings.project import Project
from brickyard_stacks.settings.stages import Cloud, Stage

__all__ = [
    "Auth",
    "Cloud",
    "Environment",
    "Ownership",
    "Project",
    "Stage",
    "check_together",
    "environment_file",
    "environment_files",
    "load_environment",
    "load_project",
    "project_files",
]
