"""How many answers there is memory for."""

import math
from pathlib import Path, PurePosixPath
from typing import Any

# The files of a control group that hold its limit, what is used, and what of that are files read once, by version.
_LIMITS_2 = ("memory.max", "memory.current", "inactive_file")
_LIMITS_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def room(model: Any) -> float:
    """How many tokens of prompts and answers may be under way: their keys and values, thrice while an answer joins.

    They fit in half of the memory that is free when the model has been loaded, to the machine and to the container.
    """
    import psutil
    import torch

    config = model.config.get_text_config()
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    per_token = 2 * config.num_hidden_layers * heads * width * model.dtype.itemsize
    on_gpu = model.device.type == "cuda"
    free = torch.cuda.mem_get_info(model.device)[0] if on_gpu else min(psutil.virtual_memory().available, allowed())
    return float(max(free, 0) / 2 / (3 * per_token))


def allowed(root: Path = Path("/")) -> float:
    """How many bytes the control groups of this process let it take besides; infinite where none has a limit.

    Source: docs.kernel.org, Control Group v2 and Memory Resource Controller; man 7 cgroups (/proc/self/cgroup)
    """
    groups, least = root / "sys/fs/cgroup", math.inf
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return least
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount, names = (groups / "memory", _LIMITS_1) if controllers else (groups, _LIMITS_2)
        place = PurePosixPath(path)
        # A container may see its own group as the root, whatever path the machine gives it; limits above hold as well.
        for group in (place, *place.parents):
            least = min(least, _left(mount / group.relative_to("/"), *names))
    return least


def _left(group: Path, limit: str, used: str, files: str) -> float:
    try:
        most = (group / limit).read_text().strip()
        in_use = int((group / used).read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return math.inf if most == "max" else int(most) - in_use + int(counts.get(files, 0))
    except (OSError, ValueError):  # no such group here, or the root, which has no limit; never a reason not to load
        return math.inf
