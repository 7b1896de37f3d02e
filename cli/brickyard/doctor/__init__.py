"""`brickyard doctor ENV`: what stands between a person and a plan, each with its fix and who can make it."""
