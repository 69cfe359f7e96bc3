"""How a System looks to Prometheus: recording rules, alerts, scrape configuration and their unit tests."""
