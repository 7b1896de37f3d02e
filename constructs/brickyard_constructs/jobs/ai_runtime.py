"""Serverless GPUs: the task type that newer providers have."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from brickyard_constructs.bindings import Blocks
from brickyard_constructs.checks import check_at_least, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.jobs.task_types import Compute

# The oldest version that we saw to have it (its schema); 1.99.0 has not. In between nobody looked.
FIRST_PROVIDER = (1, 128, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class AiRuntime:
    """Training on serverless GPUs (AI Runtime, in preview): a command, and the accelerators it runs on.

    The bindings are of provider 1.99, which has no such block, so that it is written past them.
    """

    COMPUTE: ClassVar[Compute] = "none"

    experiment: str
    command_path: str
    accelerator_type: str
    accelerator_count: int
    provider_version: str
    code_source_path: str | None = None

    def __post_init__(self) -> None:
        for prop in ("experiment", "command_path", "accelerator_type"):
            check_not_empty(prop, getattr(self, prop))
        check_at_least("accelerator_count", self.accelerator_count, 1)
        if _parsed(self.provider_version) < FIRST_PROVIDER:
            needed = ".".join(map(str, FIRST_PROVIDER))
            rule = f"ai_runtime_task needs provider {needed} or newer; fine-tune on a GPU job cluster until then"
            raise InvalidProps("provider_version", self.provider_version, rule=rule)

    def block(self, _place: Blocks) -> dict[str, Any]:
        """Nothing that the bindings know."""
        return {}

    @property
    def override(self) -> dict[str, Any]:
        """The task's block as Terraform reads it."""
        compute = {"accelerator_type": self.accelerator_type, "accelerator_count": self.accelerator_count}
        code = {"code_source_path": self.code_source_path} if self.code_source_path else {}
        deployments = [{"command_path": self.command_path, "compute": compute}]
        return {"ai_runtime_task": {"experiment": self.experiment, **code, "deployments": deployments}}


def _parsed(version: str) -> tuple[int, ...]:
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        raise InvalidProps("provider_version", version, rule="a version like 1.128.0")
    return tuple(int(part) for part in found.groups())
