"""Policies, pools, clusters and libraries."""
