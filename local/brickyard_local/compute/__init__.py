"""Compute: clusters that tasks attach to, the libraries they give, and the policies that they must keep."""
