"""A review as one comment of a pull request, and as a status that a branch policy can ask for."""
