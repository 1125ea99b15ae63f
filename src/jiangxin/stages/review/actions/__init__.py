"""What people do in a review, in order: `rounds` (open, plan, start, rank), `draw` (the ceremony),
`panel` (answers, replacement), `sheets` (conflicts, marks, signature), `decision` (the proposal)."""
