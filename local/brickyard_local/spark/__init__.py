"""The local Spark engine: real Apache Spark with Delta, bound to the workspace's Unity Catalog.

`jars` sets it up, `server` runs one Spark Connect server per workspace, `session` says how a task joins it.
"""
