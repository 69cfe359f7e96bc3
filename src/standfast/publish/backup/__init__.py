"""Backups as other programs run them: PostgreSQL's own settings, pgBackRest, timers of systemd."""
