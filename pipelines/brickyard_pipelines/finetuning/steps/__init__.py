"""The steps that ask models: what a shell and a job's task say to them, and what they answer."""
