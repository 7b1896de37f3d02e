"""What a plan means: each module reads a `Plan` and makes one part of a `StackReview`."""
