"""SQL: warehouses, statements, queries and alerts over the tables of Unity Catalog, run by Spark."""
