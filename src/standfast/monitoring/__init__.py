"""What was seen: the four golden signals, probe outcomes, component health."""
