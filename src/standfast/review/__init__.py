"""One small function per finding; ACCEPT, CLARIFY or BLOCK."""
