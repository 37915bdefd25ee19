"""The annotators' site: one pair at a time, blind."""
