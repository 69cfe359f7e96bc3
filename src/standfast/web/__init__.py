"""The HTTP faces: the API and the pages."""
