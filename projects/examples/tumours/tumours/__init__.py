"""Holds project.yaml for the steps; the team's code is train.py, beside this folder."""
