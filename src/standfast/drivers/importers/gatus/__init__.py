"""Gatus: its configuration, in one file or several."""
