"""What teams already have, read as drafts of a reliability file: one module or folder per format."""
