"""Features of the right moment: as-of joins, increments, leak guard, and what a request does not carry."""
