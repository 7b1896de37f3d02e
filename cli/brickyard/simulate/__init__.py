"""`brickyard simulate`: a year of a project, month by month, in a sandbox of the local workspace."""
