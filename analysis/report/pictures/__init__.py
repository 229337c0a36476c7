"""The figures of a report."""

from analysis.report.pictures.catalogue import PICTURES, PictureRecord
from analysis.report.pictures.picture import Picture

__all__ = ["PICTURES", "Picture", "PictureRecord"]
