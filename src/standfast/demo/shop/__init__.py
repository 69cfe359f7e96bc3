"""A small shop that sells tea: web, API, worker and a payment service, each a process; uses the kit only."""
