"""`brickyard after-apply ENV`: what Terraform has no field for, done once and checked ever after."""
