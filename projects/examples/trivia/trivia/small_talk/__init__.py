"""A task of chat completion: talks of several turns."""
