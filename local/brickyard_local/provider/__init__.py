"""The offline Databricks provider: real Terraform plans and applies against the local workspace.

Started by Terraform from a filesystem mirror (`install.py`), never by hand. It verifies locally only and refuses
every host but the loopback: the genuine `databricks/databricks` provider is the one that deploys.
Source: docs/adr/0005-two-ways-to-the-provider.md
"""
