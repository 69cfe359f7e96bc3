"""The story, one module for each step; a step is a value."""
