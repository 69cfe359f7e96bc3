"""From the file's shape to the System that it means: defaults filled in, references checked."""
