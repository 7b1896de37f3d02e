"""Terraform schemas, derived from the installed cdktf binding of the Databricks provider."""
