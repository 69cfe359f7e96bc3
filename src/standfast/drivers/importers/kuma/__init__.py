"""Uptime Kuma: its SQLite database, and the JSON backup of 1.x."""
