"""How good answers are, by criteria; whether one model is better than another, or nobody can say. Pure."""
