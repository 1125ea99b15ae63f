"""One app for each stage in the life of a project, in the order of that life."""
