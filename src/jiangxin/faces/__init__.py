"""Pages and API: the only place with URLs, views and templates."""
