"""The tables of costs by method, and of all runs with the origin of each number."""

import pandas as pd

from analysis.metrics.ranking import METRICS
from analysis.report.study import Study, record_name
from analysis.report.tables.shared import BuiltTable, record_names, row_name
from analysis.tables import TableCell, TextTable, budget_table, evaluate
from analysis.tables.cells import UNDEFINED, number_cell
from benchmark.records import RunRecord

SHOWN = ("kendall_tau", "spearman_rho", "predicted_best", "regret")
SHORT_HASH = 12  # digits of a checksum or commit in tables; the CSV files hold all


def spending_table(study: Study) -> BuiltTable:
    """Return what every method spent, its wall time and its device."""
    plain = budget_table(study.runs, study.context, study.order)
    devices = {method: _devices(study, method) for method in study.order}
    rows = []
    for method, row in zip(study.order, plain.rows, strict=True):
        records = record_names(study, method)
        numbers = [cell._replace(records=records) for cell in row[1:]]
        rows.append((TableCell(row_name(study, method)), *numbers, TableCell(devices[method])))
    shown = plain._replace(
        header=(*(heading.replace(" ", "\n") for heading in plain.header), "Device"),
        rows=tuple(rows),
        caption=f"{plain.caption}\nDevice: of the networks, and the machine's processor.",
    )
    means = study.runs.drop(columns=[*METRICS, "table", "accuracy", "architectures"])
    means = means.groupby("method", sort=False).mean().loc[list(study.order)].reset_index()
    means = means.drop(columns="seed")
    means["device"] = list(devices.values())
    means["records"] = [" ".join(record_names(study, method)) for method in study.order]
    return BuiltTable(shown, means)


def runs_table(study: Study) -> BuiltTable:
    """Return a row per run: metrics, cost, and the file and code behind it."""
    metrics = [METRICS[name] for name in SHOWN]
    every = {"": study.records, **study.variants}
    named = {record_name(one, inside): one for inside, found in every.items() for one in found}
    variants = list(named.values())[len(study.records) :]
    frames = [evaluate([record], study.table, study.key) for record in variants]
    numbers = pd.concat([study.runs, *frames], ignore_index=True)
    numbers.insert(0, "record", [f"{name}.json" for name in named])
    numbers["sha256"] = [study.files.get(name) for name in named]
    numbers["protocol"] = [record.protocol for record in named.values()]
    for part in ("commit", "dirty", "version", "device", "cpu", "started", "command"):
        numbers[part] = [record.provenance.get(part) for record in named.values()]
    rows = []
    for (name, record), (_, run) in zip(named.items(), numbers.iterrows(), strict=True):
        spent, seconds = float(run["spent"]), float(run["seconds"])
        rows.append(
            (
                TableCell(f"{name}.json", records=(name,)),
                TableCell(row_name(study, record.name)),
                TableCell(str(record.provenance.get("device") or UNDEFINED)),
                TableCell(_commit(record)),
                TableCell(study.files.get(name, UNDEFINED)[:SHORT_HASH]),
                TableCell(str(record.seed), value=float(record.seed)),
                TableCell(str(record.protocol), value=float(record.protocol)),
                *(number_cell(float(run[m.name]), m.digits, (name,)) for m in metrics),
                TableCell(f"{spent:,.0f}", value=spent, records=(name,)),
                number_cell(seconds, 1, (name,)),
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
            *(m.label.replace("Kendall ", "").replace(" (", "\n(") for m in metrics),
            "Spent\n(images)",
            "Time\n(s)",
        ),
        rows=tuple(rows),
        caption="\n".join(
            [
                study.context.truth_line,
                f"Every number of this report comes from these records; commits and checksums are "
                f"cut to {SHORT_HASH} digits, the CSV file holds them whole. +: the code differed "
                "from the commit.",
            ]
        ),
        names=5,
    )
    return BuiltTable(shown, numbers)


def _devices(study: Study, method: str) -> str:
    found = dict.fromkeys(
        "/".join(str(provenance[part]) for part in ("device", "cpu") if provenance.get(part))
        for provenance in (record.provenance for record in study.of_method(method))
    )
    return ", ".join(filter(None, found)) or UNDEFINED


def _commit(record: RunRecord) -> str:
    commit = record.provenance.get("commit")
    if not commit:
        return UNDEFINED
    return str(commit)[:SHORT_HASH] + ("+" if record.provenance.get("dirty") else "")
