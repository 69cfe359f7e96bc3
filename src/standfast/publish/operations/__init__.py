"""docs/operations: what people read before, during and after an incident."""
