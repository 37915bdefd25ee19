"""Model cards: built in, in the data folder, and beside a checkpoint."""
