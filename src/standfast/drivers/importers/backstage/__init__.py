"""Backstage's software catalogue."""
