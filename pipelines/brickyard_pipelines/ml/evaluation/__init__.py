"""Metrics, baselines, intervals and the gate. Pure: no I/O."""
