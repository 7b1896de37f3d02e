"""The commands for the workspace of any environment; what one does is imported when it is asked for."""

import argparse
from typing import Any

from brickyard.adopt.verb import add_arguments as add_adopt
from brickyard.after_apply.verb import add_arguments as add_after_apply
from brickyard.bootstrap.verb import add_arguments as add_bootstrap
from brickyard.doctor.verb import add_arguments as add_doctor
from brickyard.move_to_cdktn.verb import add_arguments as add_move_to_cdktn
from brickyard.rollback.verb import add_arguments as add_rollback
from brickyard.sandbox.verb import add_arguments as add_sandbox
from brickyard.simulate.verb import add_arguments as add_simulate


def add_workspace_verbs(verbs: Any) -> None:
    """Add them to the parser's commands. They sign in as the environment says, with the shell's own variables."""
    for name, text, add_arguments in (
        ("adopt", "write settings and import blocks for a workspace that is there already", add_adopt),
        ("doctor", "what stands in the way of a plan or an apply, each with its fix", add_doctor),
        ("bootstrap", "make what must exist before the first plan, with an administrator's login", add_bootstrap),
        ("rollback", "alias and endpoints of a model back to the champion before, in one command", add_rollback),
        ("sandbox", "personal copies of projects in a dev environment: new, list, remove, expired", add_sandbox),
        ("simulate", "a year of a project, month by month, in a sandbox of `local`: drift, retraining", add_simulate),
        ("move-to-cdktn", "rewrite this clone for CDK Terrain, the successor of cdktf", add_move_to_cdktn),
        ("after-apply", "connect models with their deployment jobs, which Terraform cannot", add_after_apply),
    ):
        parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        add_arguments(parser)
