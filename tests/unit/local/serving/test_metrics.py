"""Counts as Prometheus reads them."""

import os

from brickyard_local.serving.metrics import Metrics


def test_answers_are_counted_by_served_entity() -> None:
    metrics = Metrics()
    for status, took_ms in ((200, 3), (200, 70), (400, 1), (500, 400_000)):
        metrics.count("id", "m-1", status, took_ms)
    metrics.count("other", "m-1", 200, 1)
    lines = metrics.text("id", "e", {"m-1": os.getpid(), "m-2": None}).splitlines()
    one = 'endpoint_name="e",served_model_name="m-1"'
    assert f"request_count_total{{{one}}} 4" in lines
    assert f"request_4xx_count_total{{{one}}} 1" in lines
    assert f"request_5xx_count_total{{{one}}} 1" in lines
    assert f'request_latency_ms_bucket{{{one},le="5"}} 2' in lines
    assert f'request_latency_ms_bucket{{{one},le="100"}} 3' in lines
    assert f'request_latency_ms_bucket{{{one},le="+Inf"}} 4' in lines
    assert f"request_latency_ms_sum{{{one}}} 400074" in lines
    assert 'request_count_total{endpoint_name="e",served_model_name="m-2"} 0' in lines
    memory = [line for line in lines if line.startswith("mem_usage_percentage{")]
    assert len(memory) == 1
    assert float(memory[0].split()[-1]) > 0
