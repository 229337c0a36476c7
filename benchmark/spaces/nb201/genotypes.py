"""Architectures as the genotypes that few-shot NAS and other programs write into their files.

A genotype lists for each of the nodes 1, 2 and 3 the operations on the edges that arrive there,
each with the node where its edge starts; written out by Python it reads
``[(('op', 0),), (('op', 0), ('op', 1)), (('op', 0), ('op', 1), ('op', 2))]``. Its edges come in the
order of `EDGES`, its operations carry the names of `OPERATIONS`. Source: the repository
aoiang/few-shot-NAS, where ``random_architecture_func`` of ``exps/algos/R_EA.py`` makes them and the
files of ``supernet_info`` have them as keys (both in its folder ``Few-Shot_NasBench201``).
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

from benchmark.errors import InputError
from benchmark.spaces.nb201.codes import EDGES, OPERATIONS, decode
from benchmark.spaces.nb201.strings import nearest_code

_FORM = "[(('{}', 0),), (('{}', 0), ('{}', 1)), (('{}', 0), ('{}', 1), ('{}', 2))]"
_LONGEST = 400  # four times a genotype: no more of a wrong text is read or shown


def is_genotype(text: str) -> bool:
    """Tell whether a text, right or wrong, is meant as a genotype and not as a string.

    Example:
        >>> is_genotype("[(('none', 0),)"), is_genotype("|none~0|")
        (True, False)
    """
    return text.lstrip()[:1] in ("[", "(")


def to_genotype(code: int) -> str:
    """Return the genotype of one architecture.

    Raises:
        InputError: The code is outside the space.

    Example:
        >>> to_genotype(1)[-48:]
        "(('none', 0), ('none', 1), ('skip_connect', 2))]"
    """
    return _FORM.format(*(OPERATIONS[operation] for operation in decode(code)))


def from_genotype(text: str) -> int:
    """Return the code of one architecture given as a genotype.

    Args:
        text: The genotype as Python writes it; its outer brackets may be those of a tuple.

    Raises:
        InputError: The text is not a genotype of the space; the message gives the nearest one.

    Example:
        >>> from_genotype(to_genotype(5))
        5
    """
    code = _code_of_inside().get(text[1:-1])
    if code is None or text[0] + text[-1] not in ("[]", "()"):
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
        nearest = to_genotype(_nearest(text[:_LONGEST]))
        raise InputError(f'not an architecture: {shown!r}; the nearest is "{nearest}"')
    return code


@cache
def _code_of_inside() -> dict[str, int]:
    """Return the codes of genotypes without their outer brackets."""
    every = product(OPERATIONS, repeat=len(EDGES))
    return {_FORM[1:-1].format(*names): code for code, names in enumerate(every)}


def _nearest(text: str) -> int:
    """Return the code whose string is nearest to the words and numbers of a wrong genotype."""
    words = re.findall(r"\w+", text)
    return nearest_code("".join(f"~{word}|" if word.isdigit() else word for word in words))
