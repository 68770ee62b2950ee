"""Several processes that train together, for tests: forked from a server that has PyTorch already.

    each = ranks.run(3, work, *given)     what work(rank, *given) returned in each process; None where it was killed

The test's own process holds the stores that the processes meet by, as torchrun does: no port is guessed.
"""

import contextlib
import io
import multiprocessing
import os
import signal

import numpy as np

PATIENCE = 240  # seconds after which a process is given up
RESULT = "result"
MEETINGS = 3  # of the same processes
PORTS: list[int] = []


def run(size, work, *given):
    """Call work(rank, *given) in `size` processes at once -> what they returned, by rank."""
    import torch.distributed as dist

    stores = [dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False) for _ in range(MEETINGS)]
    ports = [store.port for store in stores]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "handgrad.runs", "handgrad.cli.train", "handgrad.engines.ink"])
    pipes, processes = [], []
    for rank in range(size):
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(target=_one, args=(rank, size, ports, writer, work, given), daemon=True)
        process.start()
        writer.close()
        pipes.append(reader)
        processes.append(process)
    try:
        return [_received(pipe) for pipe in pipes]
    finally:
        for process in processes:
            process.join(PATIENCE)
            process.kill()


def _received(pipe):
    assert pipe.poll(PATIENCE), "a process neither answered nor ended"
    try:
        kind, value = pipe.recv()
    except EOFError:
        return None
    assert kind == RESULT, value
    return value


def _one(rank, size, ports, writer, work, given):
    PORTS[:] = ports
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1", "TORCHELASTIC_USE_AGENT_STORE": "True",
    }  # fmt: skip
    meet(0)
    import torch

    torch.set_num_threads(1)  # as OMP_NUM_THREADS=1 does where torchrun starts a process
    try:
        writer.send((RESULT, work(rank, *given)))
    except BaseException as error:
        writer.send(("failed", f"rank {rank}: {type(error).__name__}: {error}"))
        raise
    finally:
        writer.close()


def meet(time):
    """Before the processes meet for the first, second or third time: a store forgets nothing."""
    os.environ["MASTER_PORT"] = str(PORTS[time])


def command(*words):
    """The command line -> exit code, stdout, stderr."""
    from handgrad.cli import main

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()


def killed_after(epoch):
    """Have this process killed when that epoch is done, before anything of it is kept."""
    from handgrad.runs import loop

    average = loop._average

    def killing(averaged, done, recipe):
        if done.epoch == epoch:
            os.kill(os.getpid(), signal.SIGKILL)
        return average(averaged, done, recipe)

    loop._average = killing


def put(array, name):
    """The array, where the engine of that name works."""
    if name != "torch":
        return array
    import torch

    return torch.tensor(np.asarray(array))
