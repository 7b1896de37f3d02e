"""What Terraform deploys for a project, by kind."""

from brickyard_stacks.settings.deployment.deployment import Deployment, Serving

__all__ = ["Deployment", "Serving"]
