"""The supernet of NAS-Bench-201: operations, network, mixture and scoring."""

from baselines.supernets.nb201.acceleration import accelerate
from baselines.supernets.nb201.mixture import Mixture
from baselines.supernets.nb201.network import Path, Supernet
from baselines.supernets.nb201.scoring import score_codes

__all__ = ["Mixture", "Path", "Supernet", "accelerate", "score_codes"]
