"""The figures of a report."""

from analysis.report.figures.captioned_figure import CaptionedFigure
from analysis.report.figures.catalogue import FIGURES, FigureRecord

__all__ = ["FIGURES", "CaptionedFigure", "FigureRecord"]
