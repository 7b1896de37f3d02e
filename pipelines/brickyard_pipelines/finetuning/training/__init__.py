"""From a frozen version of the data to a tuned model: blocks, checkpoints that are whole, a run that can be killed.

Only `trainer`, `collation`, `weights`, `samples` and `merging` know torch; they are read where they are used.
"""
