"""What each screen shows: one frozen value and one pure function per screen."""
