"""Production reliability as software."""
