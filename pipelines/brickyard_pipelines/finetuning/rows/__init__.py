"""Canonical rows: what the shapes that customers have become, and the rules that rows keep. Pure."""
