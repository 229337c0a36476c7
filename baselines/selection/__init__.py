"""What a search hands to its user: the strongest, the best of some, the survivor of a contest."""
