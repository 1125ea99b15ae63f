"""Scoring: rubrics as data, exact totals, ranking without accidents, stability of the cut line.

Read `docs/algorithms/scoring.md` first. In order: `points`, `rubric`, `marking`, `aggregate`,
`ranking`, `agreement`, `stability`. Every score is an integer of milli-points (1000 = 1 分).
"""
