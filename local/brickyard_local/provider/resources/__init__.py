"""Emulated resources, in folders named as the SDK names its services: one file, one row of the table, each."""
