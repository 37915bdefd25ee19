"""The process that trains: torch, transformers, TRL and peft are known here and nowhere else."""
