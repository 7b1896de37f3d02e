"""A `Review` for people and programs: terminal, Markdown, JSON, pictures."""
