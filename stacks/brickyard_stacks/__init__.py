"""The stacks of an environment, built from its typed settings."""

import brickyard_constructs  # noqa: F401 - before any binding: it keeps them from being imported all at once
