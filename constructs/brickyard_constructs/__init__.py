"""Building blocks for Databricks, grouped as Databricks groups its services."""
