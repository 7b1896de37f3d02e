"""The commands for the workspace of any environment; what one does is imported when it is asked for."""

import argparse
from typing import Any

from brickyard.adopt.verb import add_arguments as add_adopt
from brickyard.after_apply.verb import add_arguments as add_after_apply
from brickyard.bootstrap.verb import add_arguments as add_bootstrap
from brickyard.bundle.verb import add_apply, add_plan, add_plan_key
from brickyard.ci.verb import add_verbs as add_ci
from brickyard.doctor.verb import add_arguments as add_doctor
from brickyard.drift.verb import add_arguments as add_drift
from brickyard.move_to_cdktn.verb import add_arguments as add_move_to_cdktn
from brickyard.rollback.verb import add_arguments as add_rollback
from brickyard.sandbox.verb import add_arguments as add_sandbox
from brickyard.simulate.verb import add_arguments as add_simulate
from brickyard.step import add_arguments as add_step
from brickyard.train import add_arguments as add_train
from brickyard.verify.verb import add_arguments as add_verify


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
        ("plan", "plan every stack of an environment, review it, and seal what may be applied", add_plan),
        ("apply", "apply exactly the saved plans that were approved", add_apply),
        ("ci", "the pipelines of Azure DevOps and GitHub, rendered from one description", add_ci),
        ("plan-key", "make the pair of keys that saved plans are sealed and opened with", add_plan_key),
        ("train", "run the model workflow of every project in an environment, to its end", add_train),
        ("step", "one step of a project in this shell, with this clone's code, on the workspace of `local`", add_step),
        ("drift", "what left the code, in one issue or work item for each environment", add_drift),
        ("verify", "does what was deployed work: second plan, jobs, aliases, endpoints", add_verify),
        ("after-apply", "connect models with their deployment jobs, which Terraform cannot", add_after_apply),
    ):
        parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        add_arguments(parser)
