"""The shape of the file, version standfast/v1: what may be written, before it is known what it means."""
