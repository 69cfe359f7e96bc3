"""Is this worth waking someone?"""
