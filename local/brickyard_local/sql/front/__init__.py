"""Statements of Databricks SQL that Spark does not know: parsed here, done by the catalog in the caller's name."""
