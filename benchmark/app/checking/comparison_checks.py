"""Whether the tables beside records follow from the records and the truth."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.tables import MethodComparison
from baselines.registry import METHODS
from benchmark.app.checking.checks import Checks
from benchmark.files import read_bounded, sha256
from benchmark.records import Manifest, RunRecord, read_manifest, record_path
from benchmark.records.manifest import SUFFIX
from benchmark.truth import TABLES, AccuracyKey, TruthTable, open_table
from benchmark.truth.files.cache import open_imported

ROUNDING = 1e-12  # processors sum in different orders
MOST_BYTES = 1 << 24  # of a comparison; usual ones have a few thousand
_COLUMNS = {"method", "runs", "table", "accuracy", "architectures"}


@dataclass(frozen=True)
class TableChoice:
    """The truth that the user names."""

    table: str | None = None  # name or path of a table; None for the one that a comparison names
    accuracy: str | None = None  # which of its accuracies; None likewise


def check_manifests(folder: Path, checks: Checks) -> dict[str, Manifest]:
    """Check that the files that manifests list are there and unchanged; return them by name."""
    manifests = {}
    for path in sorted(folder.glob(f"[!.]*{SUFFIX}")):
        with checks.errors_as_findings(path.name, "manifest"):
            manifest = manifests[path.name.removesuffix(SUFFIX)] = read_manifest(path)
            for name, expected in sorted(manifest.files.items()):
                is_there = (folder / name).is_file()
                checks.require(is_there, name, f"it is missing, {path.name} lists it")
                checks.require(
                    not is_there or sha256(folder / name) == expected,
                    name,
                    f"it is not the file that {path.name} lists",
                )
    return manifests


def check_comparisons(
    folder: Path,
    records: Sequence[RunRecord],
    manifests: Mapping[str, Manifest],
    choice: TableChoice,
    checks: Checks,
) -> None:
    """Compute the comparisons in a folder again from the records and the truth."""
    chosen = open_table(choice.table, allow_subset=True) if choice.table is not None else None
    for path in sorted(folder.glob("[!.]*.csv")):
        with checks.errors_as_findings(path.name, "table"):
            summary = pd.read_csv(io.BytesIO(_read(path)))
            if not (set(summary.columns) >= _COLUMNS and len(summary)):
                continue  # not a comparison
            name, accuracy = (str(summary[column].iloc[0]) for column in ("table", "accuracy"))
            truth = chosen or _open_known(name)
            if truth is None:
                shown = name if name.isprintable() else repr(name)
                checks.missing.append(
                    f"{path} was judged by table {shown:.80}: name its file with --table"
                )
                continue
            key = AccuracyKey.parse(choice.accuracy or accuracy)
            _check(path, summary, records, manifests.get(path.stem), truth, key, checks)


def _check(
    path: Path,
    summary: pd.DataFrame,
    records: Sequence[RunRecord],
    manifest: Manifest | None,
    truth: TruthTable,
    key: AccuracyKey,
    checks: Checks,
) -> None:
    """Check one comparison: its truth, its numbers, and the same as Markdown."""
    methods = [str(name) for name in summary["method"]]
    runs = [record for record in records if record.name in methods]
    if manifest is not None:
        runs = [one for one in runs if record_path("", one.unit).name in manifest.files]
        checks.require(
            (truth.name, str(key), truth.digest(key))
            == (manifest.table, manifest.accuracy, manifest.truth),
            path.name,
            f"{key} of table {truth.name} is not the truth that it was judged by",
        )
    runs.sort(key=lambda record: (methods.index(record.name), record.seed))
    references = [name for name in methods if name in METHODS and METHODS[name].reference]
    made = MethodComparison(runs, truth, key, methods, references)
    again = pd.read_csv(io.StringIO(made.csv))
    is_same_shape = list(summary.columns) == list(again.columns) and len(summary) == len(again)
    checks.require(is_same_shape, path.name, "it has other rows or columns than its records give")
    for column in again.columns if is_same_shape else []:
        for method, old, new in zip(methods, summary[column], again[column], strict=True):
            checks.require(
                _equal(old, new),
                path.name,
                f"{column} of {method} is {old}, its records and the truth give {new}",
            )
    text = path.with_suffix(".md")
    if text.is_file():
        checks.require(
            _read(text).decode().replace("\r\n", "\n") == made.markdown,
            text.name,
            "it is not the table that its records and the truth give",
        )


def _equal(old: object, new: object) -> bool:
    if isinstance(old, (int, float, np.number)) and isinstance(new, (int, float, np.number)):
        return bool(np.isclose(float(old), float(new), ROUNDING, ROUNDING, equal_nan=True))
    return str(old) == str(new)


def _read(path: Path) -> bytes:
    return read_bounded(path, MOST_BYTES, "a comparison has fewer", name="it")


def _open_known(name: str) -> TruthTable | None:
    """Open a built-in or imported table.

    A comparison may be from an untrusted source: it cannot name a file to open.
    """
    return TABLES[name]() if name in TABLES else open_imported(name)
