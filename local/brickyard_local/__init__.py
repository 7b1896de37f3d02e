"""The local workspace: a Databricks-compatible account on 127.0.0.1.

One account with one metastore and any number of workspaces over it. It knows only HTTP and processes.
"""
