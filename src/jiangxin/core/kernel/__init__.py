"""Small things that everything else stands on: errors, time, money, ids, canonical bytes."""
