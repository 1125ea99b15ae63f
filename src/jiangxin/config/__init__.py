"""Settings, root URLs, WSGI, system checks."""
