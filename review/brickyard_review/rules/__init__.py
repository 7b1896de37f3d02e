"""Rules are data: one file each, in `builtin/` or in a team's own folder."""
