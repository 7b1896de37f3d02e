"""From a team's train function to a model in MLflow: which library, which answers, tuned how, explained how."""
