"""Emulated data sources, one file each."""
