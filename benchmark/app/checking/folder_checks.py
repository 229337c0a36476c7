"""Whether a folder of records is intact: each record, all of them together, and the tables."""

from pathlib import Path

from analysis.tables.evaluation import comparable
from benchmark.app.checking.checks import Checks
from benchmark.app.checking.comparison_checks import TableChoice, check_comparisons, check_manifests
from benchmark.app.checking.record_checks import check_record
from benchmark.records import RunRecord, read_whole_records, record_path
from benchmark.records.provenance import machine_of


def verify_folder(folder: Path, choice: TableChoice, checks: Checks) -> list[RunRecord]:
    """Check all in a folder that needs no method to be run, and return the readable records."""
    records, damaged = read_whole_records(folder)
    for name, fault in damaged.items():
        checks.require(False, name, fault)
    for record in records:
        check_record(record, record_path("", record.unit).name, checks)
    if records:
        with checks.errors_as_findings(str(folder), "records"):
            comparable(records)
            images = {
                (str(machine_of(record.provenance)["instructions"]), record.provenance["images"])
                for record in records
                if "images" in record.provenance
            }
            checks.require(
                len(images) == len({instructions for instructions, _ in images}),
                str(folder),
                "its runs were shown different images",
            )
    manifests = check_manifests(folder, checks)
    if not manifests:
        checks.notes.append(f"{folder} has no manifest: deleted files go unnoticed")
    check_comparisons(folder, records, manifests, choice, checks)
    return records
