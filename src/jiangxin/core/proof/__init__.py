"""Merkle tree of RFC 6962 / RFC 9162 with a pluggable hash: what the ledger and the draw rest on."""
