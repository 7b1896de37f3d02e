"""Brickyard's job tasks, run by Databricks jobs from a wheel. Knows nothing of Terraform or CDKTF."""
