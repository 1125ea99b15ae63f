"""No Django, no input or output: the rules, the draw, the scores and the proofs."""
