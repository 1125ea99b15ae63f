"""What is known of the post-subsidy: `claims` (class and tier), `plans` (who gets how much),
`payments` (what was paid, down the chain). Here stands what other stages and pages ask for."""

from .payments import Stuck, first_arrival, flows, paid_by_stage, received, stuck
from .plans import plan_lines

__all__ = ["Stuck", "first_arrival", "flows", "paid_by_stage", "plan_lines", "received", "stuck"]
