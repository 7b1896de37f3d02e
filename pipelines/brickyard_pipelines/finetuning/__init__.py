"""LLM fine-tuning: plan, prepare, run, evaluate. Light to import: torch and tokenizers are read where they are used."""
