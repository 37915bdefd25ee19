"""Chat templates: how a conversation becomes the exact text that a model was trained on."""
