"""One module per thing outside: probes, mail, webhooks, PostgreSQL's programs, files."""
