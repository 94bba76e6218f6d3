"""What every room knows: money, ids, digests, the root error and what may happen next."""
