"""Tracking: mlflow's own server as a child of each workspace, behind our routes and permissions."""
