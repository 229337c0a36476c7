"""A device for tests that stands in for a GPU: its tensors compute on the CPU, bit for bit.

Tensors report the device ``standin:0``. As on a GPU, operations on tensors of two devices raise,
and the host waits where it needs a value; each such wait is recorded. It is built on PyTorch's
experimental support for backends written in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

NAME = "standin"
WAITS: list[str] = []
"""The operations so far whose result the host had to wait for."""

_READS = frozenset({"_local_scalar_dense", "equal", "is_nonzero", "masked_select", "nonzero"})


class StandInTensor(Tensor):
    """A tensor on the device, computed by ``host``, a tensor on the CPU."""

    host: Tensor

    @staticmethod
    def __new__(cls: type[StandInTensor], host: Tensor) -> StandInTensor:
        """Return a tensor of the same shape, strides and type on the device."""
        with torch.inference_mode(False):  # views of other tensors need a version counter
            made = Tensor._make_wrapper_subclass(
                cls,
                host.shape,
                strides=host.stride(),
                storage_offset=host.storage_offset(),
                dtype=host.dtype,
                device=torch.device(NAME, 0),
            )
        made.host = host
        return made

    def __repr__(self) -> str:  # type: ignore[override]
        return f"StandInTensor({self.host!r})"

    def tolist(self) -> Any:
        """Return the values, for which the host waits."""
        WAITS.append("tolist")
        return self.host.tolist()

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation on the CPU tensors behind its arguments."""
        named = dict(kwargs or {})
        name = func.name().removeprefix("aten::").partition(".")[0]
        if name == "_to_copy":
            return _to_copy(func, args[0], named)
        if name == "copy_":
            return _copy(args[0], args[1])
        _check_devices(name, (args, named))
        if name in _READS:
            WAITS.append(name)
        result = func(*tree_map(_host, args), **tree_map(_host, named))
        changed = [
            argument
            for argument, formal in zip(args, func._schema.arguments, strict=False)
            if formal.alias_info is not None and formal.alias_info.is_write
        ]
        if result is None:
            return None
        if len(changed) == 1 and isinstance(result, Tensor):
            return changed[0]
        return tree_map(_wrapped, result)


@cache
def stand_in() -> torch.device:
    """Register the device with PyTorch, once in a process, and return it.

    Gradients on it need a process that has computed none before.
    """
    from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

    _setup_privateuseone_for_python_backend(NAME)
    getattr(torch, NAME).get_amp_supported_dtype = lambda: [torch.bfloat16]  # for torch.autocast
    library = torch.library.Library("aten", "IMPL")
    library.impl("empty.memory_format", _empty, "PrivateUse1")
    library.impl("empty_strided", _empty_strided, "PrivateUse1")
    _LIBRARIES.append(library)
    return torch.device(NAME, 0)


_LIBRARIES: list[torch.library.Library] = []  # registered as long as they are alive


def waits_of(work: Callable[[], object]) -> list[str]:
    """Return what the host waited for while some work was done."""
    before = len(WAITS)
    work()
    return WAITS[before:]


def _to_copy(func: Any, source: Tensor, named: dict[str, Any]) -> Tensor:
    target = torch.device(named.pop("device", None) or source.device)
    copied: Tensor = func(_host(source), **named)
    if target.type == NAME:
        return StandInTensor(copied)
    if isinstance(source, StandInTensor):
        WAITS.append("copy to the CPU")
    return copied


def _copy(target: Tensor, source: Tensor) -> Tensor:
    if isinstance(source, StandInTensor) and not isinstance(target, StandInTensor):
        WAITS.append("copy to the CPU")
    _host(target).copy_(_host(source))
    return target


def _check_devices(name: str, arguments: Any) -> None:
    """Refuse tensors on the CPU as a GPU does: it takes indices, and numbers that it need not join.

    An index is copied to it, for which the host waits.
    """
    others = [
        one
        for one in tree_leaves(arguments)
        if isinstance(one, Tensor)
        and not isinstance(one, StandInTensor)
        and (one.dim() > 0 or name in ("cat", "stack"))
    ]
    if not others:
        return
    if not name.startswith(("index", "_index")):
        raise RuntimeError(f"{name}: expected all tensors on {NAME}:0, but found one on the CPU")
    WAITS.append(name)


def _host(value: Any) -> Any:
    if isinstance(value, StandInTensor):
        return value.host
    return torch.device("cpu") if isinstance(value, torch.device) else value


def _wrapped(value: Any) -> Any:
    return StandInTensor(value) if isinstance(value, Tensor) else value


def _empty(
    size: Sequence[int],
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    memory_format: Any = None,
) -> Tensor:
    order = memory_format or torch.contiguous_format
    return StandInTensor(torch.empty(size, dtype=dtype, memory_format=order))


def _empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Tensor:
    return StandInTensor(torch.empty_strided(size, stride, dtype=dtype))
