"""What ran where: enough to run it again, and no user name or folder of the machine."""

import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

LIBRARIES = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "joblib")

_MACHINE = ("device", "accelerator", "cpu", "instructions", "threads", "python", "libraries")

_PROJECT = "nasbench-suite"
_ROOT = Path(__file__).resolve().parents[2]
_CODE = ("benchmark", "baselines", "analysis", "pyproject.toml")


def provenance(device: str, started: datetime | None = None) -> dict[str, Any]:
    """Return what this process ran, as plain JSON values; None stands for what is not known.

    Times are in UTC: the run began at ``started``, without it now, and ends now. ``dirty`` says
    whether the code differs from the commit, ``accelerator`` has name, CUDA and cuDNN, and
    ``instructions`` are those that PyTorch computes with on the ``cpu``.
    """
    now = datetime.now(timezone.utc)
    started = (started or now).astimezone(timezone.utc)
    commit, dirty = code_state()
    return {
        "command": command_line(sys.argv),
        "started": started.isoformat(timespec="seconds"),
        "finished": now.isoformat(timespec="seconds"),
        "commit": commit,
        "dirty": dirty,
        "version": _version(_PROJECT),
        "platform": platform.platform(),
        **this_machine(device),
    }


def this_machine(device: str) -> dict[str, Any]:
    """Return what decides the last bits of a score here, beside the code and the task."""
    return {
        "device": device,
        "accelerator": _accelerator(device),
        "cpu": _cpu(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


@cache
def code_state() -> tuple[str | None, bool | None]:
    """Return the commit of the code, and whether the code differs from it.

    Git is asked once in a process: what has been imported does not change. Both are None where
    the project is in no repository of its own.
    """
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--", *_CODE)
    return commit, None if commit is None or changes is None else bool(changes)


def machine_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return in what two runs' machines and libraries differ; if in nothing, bits are the same."""
    here, there = machine_of(one), machine_of(other)
    return [name for name in _MACHINE if here[name] != there[name]]


def machine_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a run's provenance that `this_machine` gives."""
    return {name: run.get(name) for name in _MACHINE}


def command_line(arguments: list[str]) -> str:
    """Return a command as one would type it, with absolute paths cut to their last name."""
    return shlex.join(_without_folders(argument) for argument in arguments)


def _without_folders(argument: str) -> str:
    if Path(argument).is_absolute():
        return Path(argument).name
    option, equals, value = argument.partition("=")
    return f"{option}={_without_folders(value)}" if equals else argument


def _git(*arguments: str) -> str | None:
    """Return the output of git about the project, or None where it fails."""
    if not (_ROOT / ".git").exists():  # installed: a repository around it is not the project's
        return None
    try:
        return subprocess.run(
            ["git", "-C", _ROOT, "--no-optional-locks", *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


@cache
def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _accelerator(device: str) -> dict[str, Any] | None:
    """Return the GPU and its libraries."""
    if torch.device(device).type != "cuda":
        return None
    return {
        "name": torch.cuda.get_device_name(device),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }


@cache
def _cpu() -> str | None:
    """Return the model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (models or [platform.processor() or platform.machine()])[0] or None
