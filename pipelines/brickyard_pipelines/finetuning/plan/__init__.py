"""What is wanted, of which model, from which data, on which hardware: typed, checked, estimated."""

from brickyard_pipelines.finetuning.plan.criteria import Criteria, Criterion
from brickyard_pipelines.finetuning.plan.document import Plan, Source
from brickyard_pipelines.finetuning.plan.load import load_criteria, load_plan, parse_criteria, parse_plan

__all__ = ["Criteria", "Criterion", "Plan", "Source", "load_criteria", "load_plan", "parse_criteria", "parse_plan"]
