"""Snapshots of the local account: taken from a server that runs, restored whole or not at all."""
