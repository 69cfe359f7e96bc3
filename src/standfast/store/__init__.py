"""SQL, one module per room; the write path; migrations."""
