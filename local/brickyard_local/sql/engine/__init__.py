"""The child process of a warehouse: runs statements in Spark Connect sessions and writes their results."""
