"""Several processes that train one network together: data-parallel training on torch.distributed.

    torchrun --nproc-per-node 2 -m handgrad train

Each process (a rank) has all the images, and draws the same order of rows. Of every batch it takes a share,
whose gradients its engine computes. One all-reduce joins them to the gradients of the whole batch, and every
rank makes the same step. The seam is that of all engines, one epoch, so nothing above it knows of ranks.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np

from handgrad.arrays import Array, array_namespace, device
from handgrad.engines import Engine, dense
from handgrad.errors import Choice, DivergedError, HandgradError, MissingExtraError, RankLostError
from handgrad.network import Params, map_params
from handgrad.optimizers import update
from handgrad.recipes import Recipe
from handgrad.threads import available_cores

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun tells each process
PATIENCE = timedelta(minutes=5)  # for a rank that is slow, or whose machine has gone without a word
SMALL = 192  # images: for fewer the ink engine takes longer to lay W1 out than it saves


def ranks_here() -> int:
    """The number of processes that train together; 1 where no program such as torchrun started this one."""
    return _number("WORLD_SIZE") if all(name in os.environ for name in VARIABLES) else 1


@dataclass(frozen=True, eq=False)
class Ranks:
    """The processes that train together, seen from one of them. Every method is called by all of them.

    RankLostError, in every method, where another process has ended or cannot be reached.
    """

    rank: int  # of this process, from 0 on
    size: int  # how many there are
    local: int = 0  # of this process among those of its machine
    on_machine: int = 1  # how many there are on this machine
    store: Any = field(default=None, repr=False)  # what the processes found each other by

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and prints."""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """Threads for this process's engine: its share of the cores that it may use."""
        return max(1, available_cores() // self.on_machine)

    def share(self, n: int) -> slice:
        """The rows, of n, that are this process's part. Parts differ by a row at most; some may have none."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def joined(self, rows: float, loss: float, grads: Params) -> tuple[float, float, Params]:
        """The number, the mean loss and the gradients of all the processes' rows together, in one all-reduce.

        rows: how many this process has, 0 or more, or the sum of their weights; loss (), grads: their mean
        loss and its gradients.
        L = sum_r n_r L_r / sum_r n_r over the ranks r, and the gradients likewise.
        """
        xp, kept = array_namespace(grads.W1), [grad for grad in grads if grad is not None]
        at, dtype = device(grads.W1), grads.W1.dtype
        head = xp.asarray([rows, rows * loss if rows else 0.0], dtype=dtype, device=at)
        flat = xp.concat([head, *(rows * xp.reshape(grad, (-1,)) for grad in kept)])
        self.add_up(flat)
        total, flat, end, means = float(flat[0]), flat / flat[0], 2, []
        for grad in kept:
            begin, end = end, end + math.prod(grad.shape)
            means.append(xp.reshape(flat[begin:end], grad.shape))
        left = iter(means)
        return total, float(flat[1]), map_params(lambda _: next(left), grads)

    def add_up(self, array: Array) -> None:
        """The array becomes the sum of all processes' arrays, in place."""
        import torch
        import torch.distributed as dist

        with _all_there(self.rank):
            dist.all_reduce(torch.as_tensor(array))

    def first_ones(self, arrays: Any) -> Any:
        """Params, or the optimizer's memory, as the first process has them."""
        return None if arrays is None else map_params(self._first_one, arrays)

    def _first_one(self, part: Any) -> Any:
        import torch
        import torch.distributed as dist

        if isinstance(part, tuple):  # what an optimizer remembers of a parameter
            return tuple(map(self._first_one, part))
        own = array_namespace(part).asarray(part, copy=True)
        with _all_there(self.rank):
            dist.broadcast(torch.as_tensor(own), 0)
        return own

    def agree(self, facts: Mapping[str, Any]) -> None:
        """HandgradError, in every process, where one of them has other facts than the first."""
        import torch.distributed as dist

        everyones: list[Any] = [None] * self.size
        with _all_there(self.rank):
            dist.all_gather_object(everyones, dict(facts))
        for rank, others in enumerate(everyones):
            for name, fact in everyones[0].items():
                if others.get(name) != fact:
                    got = f"rank 0 has {fact!s:.60} and rank {rank} has {others.get(name)!s:.60}"
                    raise HandgradError(f"expected the same {name} in all processes; got: {got}")

    def fails_first(self) -> bool:
        """Whether this process is the first that fails, and so the one that says why."""
        with suppress(RuntimeError):  # the store has gone with another process
            return bool(self.store.add("handgrad/failed", 1) == 1)
        return True

    def engine(self, own: Engine) -> Engine:
        """The engine of all processes together; own computes this process's share of each batch."""

        def accuracy(params: Params, images: Array, labels: Array, activation: Choice = "relu") -> float:
            N = labels.shape[0]
            part, right = self.share(N), np.zeros(1, np.int64)
            if (n := part.stop - part.start) > 0:
                right[0] = round(n * own.accuracy(params, images[part, ...], labels[part], activation))
            counted = _beside(params.W1, right)
            self.add_up(counted)
            share_right: float = int(counted[0]) / N
            return share_right

        return own._replace(
            name=f"{own.name}, {self.size} ranks",
            run_epoch=partial(run_epoch, self, own),
            accuracy=accuracy,
            writes=self.first,
            agree=self.agree,
        )


@np.errstate(over="ignore", invalid="ignore")  # non-finite values are checked below and reported
def run_epoch(
    ranks: Ranks, own: Engine, params: Params, images: Array, labels: Array, order: Array, recipe: Recipe,
    rates: np.ndarray, memory: Params | None = None, first_step: int = 0, weights: Array | None = None,
) -> tuple[Params, Params | None, float]:  # fmt: skip
    """training.run_epoch by all ranks: the same arguments in each, the same results but for rounding.

    It begins with the parameters and the memory of the first rank, so that no difference between machines
    can grow. HandgradError where a batch has fewer images than there are ranks.
    """
    N, size, total, W = order.shape[0], recipe.batch_size, 0.0, 0.0
    if min(N, size) < ranks.size:
        few = f"expected at most as many ranks as images in a batch, {min(N, size)}; got {ranks.size} ranks"
        raise HandgradError(f"{few}: start fewer processes, or take larger batches (--batch-size)")
    params, memory = ranks.first_ones(params), ranks.first_ones(memory)
    for batch, rate in enumerate(map(float, rates)):
        rows = order[batch * size : min((batch + 1) * size, N)]
        mine = rows[ranks.share(rows.shape[0])]
        counted, loss, grads = _gradients(own, params, images, labels, mine, recipe, weights)
        counted, loss, grads = ranks.joined(counted, loss, grads)
        if not np.isfinite(loss):
            raise DivergedError("the loss is not finite", first_step // len(rates) + 1, batch + 1, rate)
        params, memory = update(recipe.optimizer, params, grads, memory, rate, first_step + batch)
        total, W = total + loss * counted, W + counted
    return params, memory, total / W


def _gradients(
    own: Engine, params: Params, images: Array, labels: Array, rows: Array, recipe: Recipe,
    weights: Array | None,
) -> tuple[float, float, Params]:  # fmt: skip
    """The weight of some rows, their mean loss (NaN where it is not finite), its gradients; by any engine.

    An engine moves parameters. Momentum that has nothing to remember remembers the gradient, v = 0.9 0 + g:
    an epoch of one batch, at the learning rate 0, leaves it in the optimizer's memory.
    """
    n, xp = rows.shape[0], array_namespace(images)
    rows = xp.asarray(rows, device=device(images))
    w = {} if weights is None else {"weights": xp.take(weights, rows)}
    counted = float(xp.sum(w["weights"])) if w else float(n)
    nothing = map_params(array_namespace(params.W1).zeros_like, params)
    if counted == 0:
        return counted, 0.0, nothing
    batch = xp.take(images, rows, axis=0), xp.take(labels, rows)
    small = own.name.startswith("ink") and n < SMALL
    epoch: Callable[..., Any] = dense.run_epoch if small else own.run_epoch
    once = replace(recipe, optimizer="momentum", batch_size=n)
    try:
        _, memory, loss = epoch(params, *batch, np.arange(n), once, np.zeros(1), **w)
    except DivergedError:  # told to the others in the place of the loss
        return counted, float("nan"), nothing
    return counted, loss, map_params(lambda slots: slots[0], memory)


@contextmanager
def joined(on: str = "cpu") -> Iterator[Ranks]:
    """Meet the other processes that torchrun (or what sets its variables) has started, and part at the end.

    on: where the arrays will be, "cpu" (gloo joins them) or "cuda" (nccl). HandgradError, in a line, where
    they do not find each other; MissingExtraError without PyTorch.
    """
    try:
        import torch
        import torch.distributed as dist
        from torch.distributed.rendezvous import rendezvous
    except ImportError:
        raise MissingExtraError("several processes need PyTorch: pip install 'handgrad[torch]'") from None
    size, rank = _number("WORLD_SIZE"), _number("RANK")
    local, on_machine = _number("LOCAL_RANK", "0"), _number("LOCAL_WORLD_SIZE", "1")
    if not (dist.is_available() and dist.is_gloo_available()):
        raise HandgradError(
            "this PyTorch has no torch.distributed with gloo: install another, or one process"
        )
    backend = "gloo"
    if on == "cuda":
        if not dist.is_nccl_available():
            raise HandgradError("this PyTorch has no nccl, which joins gradients on GPUs: use --device cpu")
        torch.cuda.set_device(local)
        backend = "cpu:gloo,cuda:nccl"
    try:
        store, _, _ = next(rendezvous(f"env://?rank={rank}&world_size={size}", timeout=PATIENCE))
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        where = ":".join(os.environ[name] for name in VARIABLES[2:])
        raise HandgradError(f"rank {rank} did not find the others at {where}: {_line(error)}") from None
    try:
        yield Ranks(rank, size, local, on_machine, store)
    finally:
        with suppress(RuntimeError):  # another process has ended already
            dist.destroy_process_group()


@contextmanager
def _all_there(rank: int) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # of gloo and nccl
        raise RankLostError(f"rank {rank}: another process has ended, or cannot be reached") from error


def _beside(like: Array, numbers: np.ndarray) -> Array:
    """The numbers as an array of the other's namespace, where that is."""
    return array_namespace(like).asarray(numbers, device=device(like))


def _number(name: str, default: str = "") -> int:
    """The whole number that an environment variable says."""
    text = os.environ.get(name, default)
    if not text.isdecimal():
        raise HandgradError(f"expected {name} as a whole number, as torchrun sets it; got {text!r:.30}")
    return int(text)


def _line(error: Exception) -> str:
    return f"{' '.join(str(error).split()):.150}" or type(error).__name__
