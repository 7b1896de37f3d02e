"""When a model is trained again by itself: the decision, its record, the start."""
