"""What an evaluation means: the verdict on the tuned model, where it is strong and weak, and what to do next."""
