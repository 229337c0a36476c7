"""Tasks and protocols: everything that decides a run or a training, but the seed."""
