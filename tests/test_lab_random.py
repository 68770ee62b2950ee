"""The lab's random numbers are NumPy's, draw by draw, so that a seed means the same in the page and in Python."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from lab_node import ask

GENERATOR = {"random.js": "Generator"}
LARGE = [2**32 - 1, 2**32, 2**53 + 1, 2**64 + 17, 2**128 - 1, 2**200 + 12345]


def drawn(seeds, calls):
    """What the page's generators of these seeds draw, call by call: calls are [method, *arguments]."""
    given = {"seeds": [str(seed) for seed in seeds], "calls": calls}
    function = """({ seeds, calls }) => seeds.map((seed) => {
      const generator = new Generator(BigInt(seed));
      return calls.map(([name, ...given]) => Array.from(generator[name](...given)));
    })"""
    return ask(GENERATOR, function, given)


@pytest.mark.parametrize("seeds", [range(21), LARGE], ids=["small seeds", "large seeds"])
def test_draws_are_those_of_numpy_to_the_last_bit(seeds):
    n = 100_000
    calls = [["random", 1000], ["standardNormal", n], ["integers", -5, 10**6, 999], ["permutation", 1001]]
    calls += [["random", 3], ["integers", 0, 2**32, 3], ["standardNormal", 3]]
    for seed, lists in zip(seeds, drawn(seeds, calls), strict=True):
        rng = np.random.default_rng(seed)
        wanted = [rng.random(1000), rng.standard_normal(n), rng.integers(-5, 10**6, 999)]
        wanted += [rng.permutation(1001), rng.random(3), rng.integers(0, 2**32, 3), rng.standard_normal(3)]
        for (name, *_), got, right in zip(calls, lists, wanted, strict=True):
            np.testing.assert_array_equal(got, right, f"{name} of seed {seed}")


def test_the_tails_of_the_normal_numbers_were_drawn_too():
    # 100,000 draws of 21 seeds have some 550 numbers beyond the ziggurat: what is compared above is not only
    # the easy part
    far = sum((abs(np.random.default_rng(seed).standard_normal(100_000)) > 3.6541528853610088).sum()
              for seed in range(21))  # fmt: skip
    assert far > 400


@pytest.mark.parametrize("n", [1, 2, 3, 17, 59_999, 60_000])
def test_permutations_of_every_size_are_those_of_numpy(n):
    ((first, second),) = drawn([7], [["permutation", n], ["permutation", n]])
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(first, rng.permutation(n))
    np.testing.assert_array_equal(second, rng.permutation(n))


def test_a_shuffled_list_is_in_the_order_of_numpy():
    shuffled = ask(GENERATOR, "() => new Generator(3).shuffle([...'abcdefghij'])", None)
    letters = np.array([*"abcdefghij"])
    np.random.default_rng(3).shuffle(letters)
    assert shuffled == letters.tolist()


def test_exp_and_log_are_right_to_two_units_in_the_last_place():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-700, 700, 20_000), rng.uniform(-1, 1, 20_000)])
    positive = np.concatenate([np.exp(x), rng.random(20_000), 1 + rng.uniform(-1e-6, 1e-6, 20_000)])
    more = np.concatenate([rng.uniform(-1, 3, 20_000), rng.uniform(-1e-6, 1e-6, 20_000)])
    functions = "({ x, p, m }) => [x.map(exp), p.map(log), m.map(log1p)]"
    given = {"x": x.tolist(), "p": positive.tolist(), "m": more.tolist()}
    e, ln, ln1p = ask({"exact.js": "exp, log, log1p"}, functions, given)
    np.testing.assert_array_max_ulp(np.array(e, float), np.exp(x), 2)
    np.testing.assert_array_max_ulp(np.array(ln, float), np.log(positive), 2)
    np.testing.assert_array_max_ulp(np.array(ln1p, float), np.log1p(more), 2)


def test_the_ends_of_the_logarithm():
    got = ask({"exact.js": "log"}, "() => [0, 5e-324, 1, Infinity, NaN, -1].map(log).map(String)", None)
    assert [got[0], got[2], *got[3:]] == ["-Infinity", "0", "Infinity", "NaN", "NaN"]
    assert float(got[1]) == math.log(5e-324)


def test_the_tables_are_those_of_the_numpy_that_is_installed():
    path = Path(__file__).parent.parent / "tools/random_tables.py"
    spec = importlib.util.spec_from_file_location("random_tables", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.FILE.read_text("utf-8") == tool.text()
