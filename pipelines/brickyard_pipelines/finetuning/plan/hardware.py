"""What accelerators hold and compute: dense tensor-core figures, without sparsity.

Source: NVIDIA data sheets of T4, A10, L4, L40S, A100 SXM, H100 SXM and Blackwell Ultra (B300); the names `GPU_…` are
those of databricks-sdk's `ComputeSpecAcceleratorType`, with the accelerators of one node counted by `hardware.count`
"""

import functools
import importlib.util
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Accelerator:
    """One device. *Units*: memory in GB (1e9 bytes), speed in 1e12 floating point operations per second.

    `tflops` is None where it must be measured: no two CPUs are alike.
    """

    memory_gb: float | None
    tflops: float | None
    bf16: bool = True
    quantises: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One accelerator as it is. *Units*: GB, 1e12 operations per second."""

    memory_gb: float
    tflops: float
    is_cpu: bool


ACCELERATORS: Mapping[str, Accelerator] = {
    "cpu": Accelerator(memory_gb=None, tflops=None, bf16=False, quantises=False),
    "T4": Accelerator(memory_gb=16, tflops=65, bf16=False),
    "L4": Accelerator(memory_gb=24, tflops=121),
    "A10": Accelerator(memory_gb=24, tflops=125),
    "L40S": Accelerator(memory_gb=48, tflops=362),
    "A100_40": Accelerator(memory_gb=40, tflops=312),
    "A100_80": Accelerator(memory_gb=80, tflops=312),
    "H100": Accelerator(memory_gb=80, tflops=989),
    "B300": Accelerator(memory_gb=288, tflops=2250),
}


def measured_cpu_tflops(clock: Callable[[], float] = time.perf_counter) -> float:
    """What this machine multiplies right now in float32: the median of five products of 1024 x 1024 matrices.

    By torch, which trains. Gaps: by numpy where torch is not installed, whose library is half as fast on some CPUs.
    """
    left = _matrix(1024)
    left @ left  # the first one loads the library's threads
    seconds = []
    for _ in range(5):
        started = clock()
        left @ left
        seconds.append(clock() - started)
    return float(2 * 1024**3 / statistics.median(seconds) / 1e12)


def _matrix(side: int) -> Any:
    import numpy as np

    drawn = np.random.default_rng(0).standard_normal((side, side), dtype=np.float32)
    if importlib.util.find_spec("torch") is None:
        return drawn
    import torch

    return torch.from_numpy(drawn)


def machine_memory_gb() -> float:
    """The main memory of this machine in GB; 0 where the system does not say."""
    import os

    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError):
        return 0.0


@functools.cache
def device_of(accelerator: str) -> Device:
    """The accelerator as the estimate takes it; a CPU is this machine, measured once: two estimates of a run agree."""
    kind = ACCELERATORS[accelerator]
    return Device(
        memory_gb=machine_memory_gb() if kind.memory_gb is None else kind.memory_gb,
        tflops=measured_cpu_tflops() if kind.tflops is None else kind.tflops,
        is_cpu=kind.tflops is None,
    )
