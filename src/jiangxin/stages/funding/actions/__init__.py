"""What people do about the post-subsidy: `claims` (class and tier), `plans` (who gets how much),
`payments` (what was paid, down the chain)."""
