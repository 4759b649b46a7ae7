"""`dawbridge cluster worker ADDRESS`: lends this computer to a cluster that estimates for others."""

import asyncio
import os
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import NoReturn

from dawbridge.config.cluster import ClusterSettings, checked
from dawbridge.errors import ConfigError, ModelError
from dawbridge.files.paths import user_path

AGAIN_S = 5.0
"""How long to wait before a scheduler that was lost is tried again, in seconds."""


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge cluster`."""
    add = parser.add_argument
    add("action", choices=("worker",), help="worker: estimate for the computers that use the same scheduler")
    add("address", help="of the scheduler: tls://HOST:8786, as `dask scheduler` says it")
    add("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"), help="where the network runs [auto]")
    add("--threads", type=int, default=0, help="processor threads that the network uses [all]")
    add("--ca", type=user_path, metavar="FILE", help="certificate of the authority of the cluster")
    add("--certificate", type=user_path, metavar="FILE", help="this computer's certificate")
    add("--key", type=user_path, metavar="FILE", help="its private key")


def run(options: Namespace) -> int:
    """Work until Ctrl-C. Raises `ConfigError`, `ModelError`."""
    settings = checked(ClusterSettings(options.address, options.ca, options.certificate, options.key))
    if options.threads < 0:
        raise ConfigError(f"--threads {options.threads}: allowed is 1 or more, or 0 for all")
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModelError(f"a cluster needs the package {error.name}; pip install 'dawbridge[cluster]'") from error
    from dawbridge.cluster import piece
    from dawbridge.engine.estimate import pick_device

    piece.use_device(pick_device(options.device))
    import torch

    torch.set_num_threads(options.threads or os.cpu_count() or 1)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings))
    return 0


async def _serve(settings: ClusterSettings) -> NoReturn:
    from distributed import Worker

    from dawbridge.cluster.piece import device
    from dawbridge.cluster.security import security_of

    joined = False
    while True:
        try:
            worker = await Worker(settings.address, security=security_of(settings), nthreads=1, validate=False)
        except Exception as error:  # OSError, TimeoutError, SSL errors
            if not joined:
                text = " ".join(str(error).split())[:200] or type(error).__name__
                raise ModelError(
                    f"{settings.address}: cannot be joined ({text}); is dask scheduler running there?"
                ) from error
        else:
            joined = True
            print(f"working for {settings.address} on {device()}; Ctrl-C ends it", flush=True)
            await worker.finished()
            print(f"the scheduler {settings.address} is gone; it is tried again every {AGAIN_S:.0f} s", flush=True)
        await asyncio.sleep(AGAIN_S)
