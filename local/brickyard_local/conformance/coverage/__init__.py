"""What of Databricks the local workspace answers, found in its routes, in databricks-sdk and in the logs of tests."""
