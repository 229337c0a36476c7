"""Printing what `benchmark.app.cli.table_contents` returns."""

from typing import Any

import click

from benchmark.truth.table import size_text

_UNITS = {
    "seconds": "s an epoch",
    "latency": "s latency",
    "params": "M parameters",
    "flops": "M multiply-adds",
}

_REFERENCES = {
    "params": "parameters",
    "flops": "multiply-adds",
    "seeds": "one seed with another",
}


def print_table(contents: dict[str, Any]) -> None:
    """Print what `table_contents` returned."""
    click.echo(f"{contents['name']}: {contents['description']}")
    source = contents["source"]
    click.echo(f"source        {source['file']}, SHA-256 {source['sha256']}")
    if source["imported"]:
        click.echo(f"              of {source['dated']}, imported {source['imported']}")
    click.echo(f"space         {contents['space']}")
    for note in contents["protocol"].get("notes", []):
        click.echo(f"note          {note}")
    index = "with" if contents["official_index"] else "without"
    click.echo(
        f"architectures {contents['architectures']:,} of {size_text(contents['of'])}, "
        f"{contents['networks']:,} different networks, {index} the official index"
    )
    for name, it in contents["accuracies"].items():
        counts = it.get("architectures_by_seeds", {})
        seeds = ", ".join(f"{count:,} with {number}" for number, count in counts.items())
        spread = f", deviation {it['mean_deviation']:.2f}" if "mean_deviation" in it else ""
        click.echo(
            f"  {name:20} {it['lowest']:6.2f} to {it['highest']:6.2f} %{spread}"
            + (f"; seeds: {seeds}" if seeds else "")
        )
    if contents["costs"]:
        click.echo("costs, means over architectures")
        _print_costs(contents["costs"])
    click.echo(f"curves        {contents['curves'] or 'none'}")
    click.echo("noise ceiling (Kendall's tau-b of the table with itself)")
    for line in contents["noise_ceiling"]:
        tau = "–" if line["tau"] is None else f"{line['tau']:.3f}"  # all accuracies are equal
        click.echo(f"  {tau:>6}  {line['what']} ({line['architectures']:,} architectures)")
    if not contents["noise_ceiling"]:
        click.echo("  unknown: with one accuracy of one seed there is nothing to compare")
    click.echo("references (Kendall's tau-b with each accuracy, each network once)")
    for name, it in contents["references"].items():
        shown = ", ".join(
            f"{words} {it[quantity]:.3f}"
            for quantity, words in _REFERENCES.items()
            if it[quantity] is not None
        )
        click.echo(f"  {name:20} {shown}")
    for one in contents["quality"]:
        click.echo(
            f"reliability   {one['reliability']:.3f} of {one['key']}, by Spearman–Brown for "
            f"{one['seeds']} seeds from ρ = {one['rho']:.3f} between two; perfect scores would "
            f"reach τ = {one['ceiling']:.3f}"
        )
    for one in contents["protocol"].get("failed", []):
        click.echo(
            f"left out      architecture {one['code']} at seed {one['seed']}: {one['fault']}"
        )
    for machine in contents["protocol"].get("machines", []):
        click.echo(
            f"trained by    version {machine['version']}, commit {machine['commit']}"
            f"{' and changes' if machine['dirty'] else ''}, PyTorch "
            f"{machine['libraries']['torch']} on {machine['cpu']} ({machine['device']})"
        )


def print_arch(contents: dict[str, Any]) -> None:
    """Print what `arch_contents` returned."""
    index = "" if contents["index"] is None else f", index {contents['index']}"
    click.echo(f"{contents['arch']}{index}, in {contents['table']}")
    for name, it in contents["accuracies"].items():
        spread = f" ± {it['deviation']:.3f}" if it.get("deviation") is not None else ""
        seeds = f", seeds: {it['seeds']}" if "seeds" in it else ""
        loss = f", loss {it['loss']:.4f}" if it.get("loss") is not None else ""
        click.echo(f"  {name:20} {it['mean']:9.4f}{spread} %{seeds}{loss}")
        for seed, one in it.get("by_seed", {}).items():
            loss = f", loss {one['loss']:.4f}" if one["loss"] is not None else ""
            click.echo(f"    seed {seed:13} {one['accuracy']:9.4f} %{loss}")
    _print_costs(contents["costs"])


def _print_costs(costs: dict[str, dict[str, float | None]]) -> None:
    for training, quantities in costs.items():
        shown = [
            f"{value:.6g} {_UNITS[quantity]}"
            for quantity, value in quantities.items()
            if value is not None
        ]
        click.echo(f"  {training:20} {', '.join(shown)}")
