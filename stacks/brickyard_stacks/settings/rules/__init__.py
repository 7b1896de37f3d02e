"""Rules between keys: of one environment, between environments, and between a project and an environment."""

from brickyard_stacks.settings.rules.environment import rules_of

__all__ = ["rules_of"]
