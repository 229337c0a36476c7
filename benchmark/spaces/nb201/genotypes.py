"""Reading and writing the genotypes of few-shot NAS and other programs.

A genotype lists for each of the nodes 1, 2 and 3 the operations of its incoming edges, each with
the node it comes from: ``[(('op', 0),), (('op', 0), ('op', 1)), (('op', 0), ('op', 1), ('op',
2))]``. Edges are in the order of `EDGES`, names those of `OPERATIONS`. Source: aoiang/few-shot-NAS,
folder ``Few-Shot_NasBench201``: ``random_architecture_func`` of ``exps/algos/R_EA.py``, and the
keys of the files in ``supernet_info``.
"""

import re
from functools import cache
from itertools import product

from benchmark.errors import InputError
from benchmark.spaces.nb201.codes import EDGES, OPERATIONS, decode
from benchmark.spaces.nb201.strings import from_string, nearest_code, to_string

_FORM = "[(('{}', 0),), (('{}', 0), ('{}', 1)), (('{}', 0), ('{}', 1), ('{}', 2))]"
_LONGEST = 400  # characters of a wrong text that are read and shown; four times a genotype


def is_genotype(text: str) -> bool:
    """Return whether a text, valid or not, is meant as a genotype and not as a string."""
    return text.lstrip()[:1] in ("[", "(")


def to_genotype(code: int) -> str:
    """Return the genotype of one architecture."""
    return _FORM.format(*(OPERATIONS[operation] for operation in decode(code)))


def from_genotype(text: str) -> int:
    """Return the code of a genotype as Python prints it; it may be a tuple of lists."""
    code = _code_of_inside().get(text[1:-1])
    if code is None or text[0] + text[-1] not in ("[]", "()"):
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
        nearest = to_genotype(_nearest(text[:_LONGEST]))
        raise InputError(f'not an architecture: {shown!r}; the nearest is "{nearest}"')
    return code


@cache
def _code_of_inside() -> dict[str, int]:
    """Return the codes by the genotypes without their outer brackets."""
    every = product(OPERATIONS, repeat=len(EDGES))
    return {_FORM[1:-1].format(*names): code for code, names in enumerate(every)}


def _nearest(text: str) -> int:
    """Return the code whose string is nearest to the words and numbers of a text."""
    words = re.findall(r"\w+", text)
    return nearest_code("".join(f"~{word}|" if word.isdigit() else word for word in words))


def parse_arch(text: str) -> int:
    """Return the code of an architecture, given as a string or as a genotype."""
    if re.fullmatch(r"\([0-9](, ?[0-9]){5}\)", text):
        raise InputError(
            f"not an architecture: {text} has the operations as NASLib numbers them; write a "
            f"string such as {to_string(5)!r}"
        )
    return from_genotype(text) if is_genotype(text) else from_string(text)
