"""What the unit, the province and the panel do in an acceptance."""
