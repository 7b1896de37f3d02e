"""Permissions: who may do what with jobs, experiments, endpoints, files and the other workspace objects."""
