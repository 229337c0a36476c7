"""One-shot bases: how a supernet is trained, and how it scores an architecture."""

from baselines.search.rsps import Rsps

__all__ = ["Rsps"]
