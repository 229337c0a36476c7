"""Run records: what a method gave at one seed, and all it takes to judge that and run it again."""

from benchmark.records.folder import find_record, read_records, read_whole_records
from benchmark.records.json_values import digest, task_digest
from benchmark.records.manifest import Manifest, manifest_path, read_manifest, write_manifest
from benchmark.records.record import PROTOCOL, RunRecord
from benchmark.records.record_file import read_record, record_path, write_record
from benchmark.records.unit import Unit

__all__ = [
    "PROTOCOL",
    "Manifest",
    "RunRecord",
    "Unit",
    "digest",
    "find_record",
    "manifest_path",
    "read_manifest",
    "read_record",
    "read_records",
    "read_whole_records",
    "record_path",
    "task_digest",
    "write_manifest",
    "write_record",
]
