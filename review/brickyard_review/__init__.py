"""Reviews Terraform and OpenTofu plans: plan JSON in, a verdict and its reasons out."""
