"""What every stage stands on: the ledger, people and units, joint acts, files."""
