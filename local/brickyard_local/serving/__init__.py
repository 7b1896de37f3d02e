"""Model Serving: endpoints, and the child process of each served entity."""
