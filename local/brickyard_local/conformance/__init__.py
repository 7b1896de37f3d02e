"""Records of what a workspace answered, to compare this one with a real one."""
