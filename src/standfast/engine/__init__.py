"""The flows: one module each, their ports, and the ticking. Nothing here decides."""
