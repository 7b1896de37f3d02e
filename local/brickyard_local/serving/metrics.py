"""Counts of an endpoint's requests, as Prometheus text.

Source: docs.databricks.com/aws/en/machine-learning/model-serving/metrics-export-serving-endpoint (names of metrics)
Gaps: counts begin with the server's start; no GPU metrics.
"""

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

_BUCKETS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000)


@dataclass(kw_only=True, slots=True)
class _Counts:
    requests: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    total_ms: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS_MS) + 1))


class Metrics:
    """Counts by endpoint and served entity."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], _Counts] = {}

    def count(self, endpoint_id: str, entity: str, status: int, took_ms: int) -> None:
        """One answered request."""
        with self._lock:
            counts = self._counts.setdefault((endpoint_id, entity), _Counts())
            counts.requests += 1
            counts.errors_4xx += 400 <= status < 500
            counts.errors_5xx += status >= 500
            counts.total_ms += took_ms
            counts.buckets[bisect_left(_BUCKETS_MS, took_ms)] += 1

    def forget(self, endpoint_id: str) -> None:
        """The endpoint is gone."""
        with self._lock:
            self._counts = {key: counts for key, counts in self._counts.items() if key[0] != endpoint_id}

    def text(self, endpoint_id: str, endpoint: str, processes: Mapping[str, int | None]) -> str:
        """Of every served entity that runs or was asked; `processes` are their process ids."""
        with self._lock:
            known = {entity: counts for (owner, entity), counts in self._counts.items() if owner == endpoint_id}
            lines = [
                line
                for entity in sorted({*known, *processes})
                for line in _lines(_labels(endpoint, entity), known.get(entity, _Counts()), processes.get(entity))
            ]
        return "\n".join((*_TYPES, *lines)) + "\n"


_TYPES = (
    "# TYPE cpu_usage_percentage gauge",
    "# TYPE mem_usage_percentage gauge",
    "# TYPE request_count_total counter",
    "# TYPE request_4xx_count_total counter",
    "# TYPE request_5xx_count_total counter",
    "# TYPE request_latency_ms histogram",
)


def _labels(endpoint: str, entity: str) -> str:
    return f'endpoint_name="{endpoint}",served_model_name="{entity}"'


def _lines(labels: str, counts: _Counts, pid: int | None) -> list[str]:
    seen, histogram = 0, []
    for bound, number in zip((*map(str, _BUCKETS_MS), "+Inf"), counts.buckets, strict=True):
        seen += number
        histogram.append(f'request_latency_ms_bucket{{{labels},le="{bound}"}} {seen}')
    return [
        *_usage(labels, pid),
        f"request_count_total{{{labels}}} {counts.requests}",
        f"request_4xx_count_total{{{labels}}} {counts.errors_4xx}",
        f"request_5xx_count_total{{{labels}}} {counts.errors_5xx}",
        *histogram,
        f"request_latency_ms_sum{{{labels}}} {counts.total_ms}",
        f"request_latency_ms_count{{{labels}}} {counts.requests}",
    ]


def _usage(labels: str, pid: int | None) -> list[str]:
    """Of the process, when there is one: nothing is shown of one that is scaled to zero."""
    if pid is None:
        return []
    try:
        process = psutil.Process(pid)
        cpu, memory = process.cpu_percent(interval=0.05), process.memory_percent()
    except psutil.Error:
        return []
    return [f"cpu_usage_percentage{{{labels}}} {cpu:.1f}", f"mem_usage_percentage{{{labels}}} {memory:.2f}"]
