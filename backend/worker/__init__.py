"""The model worker: one process, one local model, behind the OpenAI protocol."""
