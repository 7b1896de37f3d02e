"""Planning and merging over schemas: what the genuine provider's SDK does, for any resource of the table."""
