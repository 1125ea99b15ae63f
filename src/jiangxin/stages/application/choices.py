"""Words that pages share with the rows."""

# What kind of body recommends; kept as the `nature` of the organisation.
LEVELS = ("市级部门", "主管部门")
