"""The reliability file: reading it, its versions, and the System it means."""
