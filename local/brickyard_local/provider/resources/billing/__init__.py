"""What serverless work is billed under."""
