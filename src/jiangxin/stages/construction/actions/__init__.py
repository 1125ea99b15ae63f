"""Construction: start, extension, reports, activities. Supervision: inspection, visits, findings."""
