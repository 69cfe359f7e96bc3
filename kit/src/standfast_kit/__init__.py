"""What lives inside an application so that it can be relied on. Standard library only."""
