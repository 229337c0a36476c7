"""The tables of what was spent: by method, and run by run with where each number comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.report.study import Study, record_name
from analysis.report.tables.quality import BuiltTable, digits_of, records_of, row_name
from analysis.tables import TableCell, TextTable, budget_table, evaluate
from analysis.tables.cells import UNDEFINED, rounded
from benchmark.records import RunRecord

SHOWN = ("kendall_tau", "spearman_rho", "predicted_best", "regret")
SHORT_HASH = 12  # signs of a checksum or commit that tables show; files hold all of them


def spending_table(study: Study) -> BuiltTable:
    """Present what every method spent, on what, in what time and on which device."""
    plain = budget_table(study.runs, study.facts, study.order)
    rows = []
    for method, row in zip(study.order, plain.rows, strict=True):
        records = tuple(map(record_name, study.of_method(method)))
        spent = row[1:]
        cells = [TableCell(row_name(study, method))]
        cells += [TableCell(cell.text, value=_number(cell.text), records=records) for cell in spent]
        rows.append((*cells, TableCell(_devices(study, method))))
    shown = plain._replace(
        header=(*(heading.replace(" ", "\n") for heading in plain.header), "Device"),
        rows=tuple(rows),
        caption=f"{plain.caption}\nDevice: where networks lived, and the processor of the machine.",
    )
    numbers = study.runs.drop(columns=[*METRICS, "table", "accuracy", "architectures"])
    numbers = numbers.groupby("method", sort=False).mean().loc[list(study.order)].reset_index()
    numbers = numbers.drop(columns="seed")
    numbers["device"] = [_devices(study, method) for method in study.order]
    numbers["records"] = [records_of(study, method) for method in study.order]
    return BuiltTable(shown, numbers)


def runs_table(study: Study) -> BuiltTable:
    """Present every run: its metrics, what it cost, and the file and code that it stands for."""
    metrics = [METRICS[name] for name in SHOWN]
    named = _named(study)
    numbers = _run_numbers(study, named)
    rows = []
    for (name, record), (_, run) in zip(named.items(), numbers.iterrows(), strict=True):
        said = record.provenance
        values = [(float(run[metric.name]), digits_of(metric)) for metric in metrics]
        values += [(float(run["spent"]), 0), (float(run["seconds"]), 1)]
        rows.append(
            (
                TableCell(f"{name}.json", records=(name,)),
                TableCell(row_name(study, record.name)),
                TableCell(str(said.get("device") or UNDEFINED)),
                TableCell(_commit(record)),
                TableCell(study.files.get(name, UNDEFINED)[:SHORT_HASH]),
                TableCell(str(record.seed), value=float(record.seed)),
                TableCell(str(record.protocol), value=float(record.protocol)),
                *(_value_cell(value, digits, name) for value, digits in values),
            )
        )
    shown = TextTable(
        title="Runs",
        header=(
            "Record",
            "Method",
            "Device",
            "Commit",
            "SHA-256",
            "Seed",
            "Protocol",
            *(f"{'τ-b' if m.name == 'kendall_tau' else m.title}" + _unit(m.unit) for m in metrics),
            "Spent\n(images)",
            "Time\n(s)",
        ),
        rows=tuple(rows),
        caption="\n".join(
            [
                study.facts.truth_line,
                f"Every number of this report comes from these records; commits and checksums are "
                f"cut to {SHORT_HASH} signs, the CSV file holds them whole. +: the code differed "
                "from the commit.",
            ]
        ),
        names=5,
    )
    return BuiltTable(shown, numbers)


def _named(study: Study) -> dict[str, RunRecord]:
    """Return every record by its name, those with other options below the study's own."""
    every = {"": study.records, **study.variants}
    return {record_name(one, folder): one for folder, records in every.items() for one in records}


def _run_numbers(study: Study, named: Mapping[str, RunRecord]) -> pd.DataFrame:
    variants = list(named.values())[len(study.records) :]
    frames = [evaluate([record], study.table, study.key) for record in variants]
    numbers = pd.concat([study.runs, *frames], ignore_index=True)
    numbers.insert(0, "record", [f"{name}.json" for name in named])
    numbers["sha256"] = [study.files.get(name) for name in named]
    numbers["protocol"] = [record.protocol for record in named.values()]
    for said in ("commit", "dirty", "version", "device", "cpu", "started", "command"):
        numbers[said] = [record.provenance.get(said) for record in named.values()]
    return numbers


def _value_cell(value: float, digits: int, record: str) -> TableCell:
    if math.isnan(value):
        return TableCell(UNDEFINED)
    text = rounded(value, digits) if digits else f"{value:,.0f}"
    return TableCell(text, value=value, records=(record,))


def _unit(unit: str) -> str:
    return f"\n({unit})" if unit else ""


def _number(text: str) -> float | None:
    """Return the number at the beginning of a cell, as it is sorted by."""
    try:
        return float(text.split(" ")[0].replace(",", ""))
    except ValueError:
        return None


def _devices(study: Study, method: str) -> str:
    found = dict.fromkeys(
        "/".join(str(said[part]) for part in ("device", "cpu") if said.get(part))
        for said in (record.provenance for record in study.of_method(method))
    )
    return ", ".join(filter(None, found)) or UNDEFINED


def _commit(record: RunRecord) -> str:
    commit = record.provenance.get("commit")
    if not commit:
        return UNDEFINED
    return str(commit)[:SHORT_HASH] + ("+" if record.provenance.get("dirty") else "")
