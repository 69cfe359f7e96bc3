"""The System and its state in, texts out: documents, rules, configuration."""
