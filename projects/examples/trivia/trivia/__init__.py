"""Trivia questions, answered in a few words."""
