"""Batch, streaming and real-time inference, into one table per project."""
