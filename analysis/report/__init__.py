"""A report of a folder of run records: tables, figures, a page and a LaTeX document."""

from analysis.report.study import Study, read_study
from analysis.report.tables.catalogue import Report, make_report
from analysis.report.writing import write_report

__all__ = ["Report", "Study", "make_report", "read_study", "write_report"]
