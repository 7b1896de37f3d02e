"""`brickyard adopt ENV`: a workspace that exists already, as settings and import blocks; nobody loses access."""
