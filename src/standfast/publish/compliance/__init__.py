"""docs/compliance: what an auditor reads; generated whole, so that it can be generated again."""
