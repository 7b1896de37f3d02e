"""One module per job task; each has `main`, the task's console script."""
