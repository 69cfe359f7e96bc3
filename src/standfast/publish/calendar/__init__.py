"""Who is on call, as calendars that people subscribe to (iCalendar, RFC 5545)."""
