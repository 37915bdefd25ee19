"""Conversations of people with models, and the votes on their turns."""
