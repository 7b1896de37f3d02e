"""Reviews Terraform and OpenTofu plans: plan JSON in, a verdict and its reasons out."""

from brickyard_review.model import Review, Severity, Verdict
from brickyard_review.review import PlanFile, Settings, plan_file, review_plans

__all__ = ["PlanFile", "Review", "Settings", "Severity", "Verdict", "plan_file", "review_plans"]
