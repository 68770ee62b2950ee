"""The engines in every kind of process: forked, spawned, by a fork server, by joblib, and on many threads.

    python tests/processes.py             every way, one line each
    python tests/processes.py fork loky   these ways

Each way asks models and engines, used before or not, and compares their answers with those of this process:
bit for bit, and those of the plain model, whose sums BLAS orders as it likes, within 1e-6. tests/test_processes.py runs it, way by way.
"""

import multiprocessing
import os
import pickle
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from handgrad import network
from handgrad.engines import compiled, engine
from handgrad.engines.ink import InkEngine, Scorer
from handgrad.model import Model
from handgrad.recipes import Recipe

PATIENCE = 60  # seconds after which an answer is given up
RECIPE = Recipe(hidden=96, batch_size=20, optimizer="nesterov", learning_rate=0.01)
_rng = np.random.default_rng(0)
PARAMS = network.init_params(784, 96, 10, _rng, dtype=np.float32)
IMAGES = (_rng.integers(0, 256, (500, 28, 28)) * (_rng.random((500, 28, 28)) < 0.2)).astype(np.uint8)
LABELS = _rng.integers(0, 10, 500)


def things():
    """What is asked, made anew, by name."""
    return {
        "model": Model(PARAMS),
        "compiled model": compiled(Model(PARAMS), 2),
        "Scorer": Scorer(PARAMS, "relu", 2),
        "InkEngine": InkEngine(2),
        "engine ink": engine("ink", threads=2, hidden=96),
        "engine numpy": engine("numpy"),
    }


def ask(thing):
    """All that a thing answers, as arrays."""
    if isinstance(thing, Model):
        some = IMAGES[0], IMAGES[:30], IMAGES
        return [thing.predict(IMAGES), *(thing.scores(images) for images in some)]
    if isinstance(thing, Scorer):
        return [thing.outputs(IMAGES[:1]), thing.checked_z(IMAGES)]
    order, rates = np.arange(500)[::-1], np.full(25, 0.01)
    params, _, loss = thing.run_epoch(PARAMS, IMAGES, LABELS, order, RECIPE, rates)
    return [*params, np.array([loss, thing.accuracy(params, IMAGES, LABELS)])]


def equal(answers, expected, exactly):
    """Whether answers are those expected."""
    return len(answers) == len(expected) and all(
        np.array_equal(a, b) if exactly or a.dtype.kind != "f" else np.allclose(a, b, rtol=0, atol=1e-6)
        for a, b in zip(answers, expected, strict=True)
    )


def fork(thing):
    """The answer of a forked child, by nothing but the system's call."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answers = pickle.dumps(ask(thing))
            while answers:
                answers = answers[os.write(writer, answers) :]
        finally:
            os._exit(0)
    os.close(writer)
    return [_read(reader, child)]


def _read(reader, child):
    """What a child writes, who is ended if that takes too long."""
    ended = threading.Timer(PATIENCE, os.kill, [child, 9])
    ended.start()
    with open(reader, "rb") as pipe:
        answers = pipe.read()
    ended.cancel()
    os.waitpid(child, 0)
    return pickle.loads(answers) if answers else []


_preloaded = None


def _ask_preloaded(_):
    return ask(_preloaded)


def fork_pool(thing):
    """Workers that inherit a thing, as behind a server that loads it before it forks."""
    global _preloaded
    _preloaded = thing
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map_async(_ask_preloaded, range(4)).get(PATIENCE)


def spawn(thing):
    """New processes that are sent a thing."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return pool.map_async(ask, [thing] * 3).get(PATIENCE)


def forkserver(thing):
    """Processes that a server forks, and that are sent a thing."""
    with multiprocessing.get_context("forkserver").Pool(2) as pool:
        return pool.map_async(ask, [thing] * 3).get(PATIENCE)


def loky(thing):
    """Processes of joblib's."""
    import joblib

    return joblib.Parallel(2, backend="loky", timeout=PATIENCE)(joblib.delayed(ask)(thing) for _ in range(3))


def threads(thing):
    """Eight threads that ask at the same time."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, [thing] * 16))


def busy(thing):
    """Children that are forked while another thread is being answered.

    Not the plain model: a fork in the middle of a product on several BLAS threads can hang in OpenBLAS, in
    any program. The engines keep BLAS to one thread, and the compiled model needs none.
    """
    if type(thing) is Model and thing.scorer is None:
        return []
    stop = threading.Event()

    def keep_asking():
        while not stop.is_set():
            ask(thing)

    other = threading.Thread(target=keep_asking)
    other.start()
    answers = []
    for _ in range(10):
        time.sleep(0.003)  # so that the forks meet different moments
        answers += fork(thing)
    stop.set()
    other.join()
    return [*answers, ask(thing)]


def by_pickle(thing):
    """The same process, after pickling; and a copy of that."""
    again = pickle.loads(pickle.dumps(thing))
    return [ask(again), ask(pickle.loads(pickle.dumps(again))), ask(thing)]


WAYS = {
    "fork": fork,
    "fork, Pool": fork_pool,
    "spawn": spawn,
    "forkserver": forkserver,
    "loky": loky,
    "8 threads": threads,
    "fork while another thread asks": busy,
    "pickle": by_pickle,
}


def main(ways):
    """Print a line for each way; 1 where an answer differs."""
    wrong = 0
    expected = {name: ask(thing) for name, thing in things().items()}
    for way in ways or WAYS:
        count = 0
        for used in (False, True):
            for name, thing in things().items():
                if used:
                    ask(thing)
                answers = WAYS[way](thing)
                count += len(answers)
                if not all(equal(some, expected[name], name != "model") for some in answers):
                    wrong += 1
                    print(f"{way}: {name}, {'used before' if used else 'unused'}: other answers or none")
        print(f"{way}: {count} answers by {len(expected)} things, used before or not: ", end="")
        print("not all equal" if wrong else "equal")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
