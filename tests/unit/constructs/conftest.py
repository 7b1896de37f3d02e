"""A stack to put constructs into, and what came of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis  # pytest would collect a class called Testing


@pytest.fixture
def stack(tmp_path: Path) -> TerraformStack:
    return TerraformStack(Synthesis.app(outdir=str(tmp_path)), "stack")


@pytest.fixture
def synth(stack: TerraformStack) -> Callable[[], dict[str, Any]]:
    """The stack's Terraform, by resource type and then by name; and its locals, by name."""

    def run() -> dict[str, Any]:
        document = json.loads(Synthesis.synth(stack))
        return {**document["resource"], "locals": document.get("locals", {})}

    return run
