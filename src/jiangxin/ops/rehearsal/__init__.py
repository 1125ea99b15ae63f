"""The clock of a demonstration: moved forward by hand, and what falls due on the way happens."""
