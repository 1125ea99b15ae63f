"""The random draw of experts: sealed before the seed exists, recomputable by anyone afterwards.

Read `docs/algorithms/draw.md` first. In order: `pool` (leaves), `plan`, `shares` (seed),
`walk` (order, panel, substitutes), `ceremony` (who may do what when), `record` (what is
published), `checking` (does a record hold), `commands` (command line).
"""
