"""PostgreSQL's own programs: base backups, received WAL, restores into a scratch server."""
