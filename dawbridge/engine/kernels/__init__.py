"""The loops over spectra, compiled to machine code by numba.

Each value is computed by additions, products, divisions, square roots and comparisons alone, whose results do not
depend on where a value is in its array, so that a bounce rendered in pieces equals one whole pass bit for bit.

Importing this package imports numba, which takes half a second. That is why the modules of the engine import it only
inside of the functions that need it.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile `function` when it is first called; keep the result on disk for later processes, if that is possible.

    It does not hold Python's lock, so that threads work side by side, and divides by 0 as numpy does: a check for each
    division would keep loops from becoming vectors.
    """
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        compiled = numba.njit(nogil=True, error_model="numpy")(function)
    return cast(Function, compiled)


def inlined(function: Function) -> Function:
    """Make `function` part of the kernels that call it."""
    return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))
