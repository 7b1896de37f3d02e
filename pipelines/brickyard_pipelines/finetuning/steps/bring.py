"""`finetuning bring`: the plan's base models that have a source, into the folder of work; once, by their hashes."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.plan import load_plan


def add(steps: Any) -> None:
    """The step among the command's."""
    parser = steps.add_parser("bring", help="base models from Unity Catalog, a volume or an allowed host; resumable")
    parser.add_argument("--plan", type=Path, required=True, help="plan.yaml, in the folder that models are brought to")
    hosts(parser)
    parser.set_defaults(step=bring)


def hosts(parser: argparse.ArgumentParser) -> None:
    """The option that says which hosts are allowed: the environment's, never the plan's."""
    parser.add_argument("--model-hosts", default="", help="hosts that models may come from, with commas; default: none")


def bring(options: argparse.Namespace) -> Mapping[str, Any]:
    """Brings what is missing; each model with whether it was there.

    Errors: InvalidPlan, CannotBring, OutputTaken.
    """
    from brickyard_pipelines.finetuning.base_models.bring import bring as brought

    plan, root = load_plan(options.plan), options.plan.parent
    allowed = [each.strip().lower() for each in options.model_hosts.split(",") if each.strip()]
    return {"base_models": [dict(brought(model, root=root, hosts=allowed)) for model in plan.base_models]}
