"""What a task process finds here: `dbutils` through databricks-sdk, and Spark when it asks for it."""
