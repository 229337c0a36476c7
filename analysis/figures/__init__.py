"""Figures of a comparison; importing this draws nothing and chooses no backend."""

from analysis.figures.scores import (
    Panel,
    comparison_figure,
    draw_scores_against_truth,
    scores_against_truth_data,
    window,
)
from analysis.figures.style import save_figure, style

__all__ = [
    "Panel",
    "comparison_figure",
    "draw_scores_against_truth",
    "save_figure",
    "scores_against_truth_data",
    "style",
    "window",
]
