"""Jobs: their settings, their runs, and the processes of their tasks."""
