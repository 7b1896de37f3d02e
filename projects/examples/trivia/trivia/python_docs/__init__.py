"""A task of continued pre-training: Python's own documentation."""
