"""The engine: nouns, errors, settings and benchmarks. It knows no screen and no database."""
