"""Who may do less and more on Databricks after the apply, as far as a plan tells."""
