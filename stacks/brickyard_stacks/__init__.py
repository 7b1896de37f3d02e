"""The stacks of an environment, built from its typed settings."""
