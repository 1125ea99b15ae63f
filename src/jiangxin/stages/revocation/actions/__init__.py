"""What is done in a case, in order: `proposal` (facts, words, notice, dismissal), `hearing` (service,
statements, the end of the hearing), `decision` (the ruling, the revoked title, publication)."""
