"""Inference by each engine and framework: a function from a number of images to their outputs y.

Frameworks get the images as floats, prepared before the clock starts; ink and the NumPy engine get the
uint8 pixels.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray, as_input
from handgrad.model import Model
from handgrad.network import init_params

Answer = Callable[[int], NDArray]  # number of images -> the outputs for the first of them


class Question(NamedTuple):
    """A network of seed 0, and MNIST's test images."""

    model: Model
    images: NDArray
    threads: int

    @property
    def x(self) -> NDArray:
        """The images for the frameworks, (N, D) float32."""
        x: NDArray = as_input(self.images, np.float32)
        return x


def question(images: NDArray, hidden: int, threads: int) -> Question:
    """The untrained network for all candidates: the speed does not depend on the values of its parameters."""
    params = init_params(images[0].size, hidden, 10, np.random.default_rng(0), dtype=np.float32)
    return Question(Model(params), images, threads)


def ink(q: Question) -> Answer:
    """handgrad's fast engine."""
    from handgrad.engines import compiled

    fast = compiled(q.model, q.threads)
    return lambda n: fast.scores(q.images[:n])


def numpy(q: Question) -> Answer:
    """handgrad's reference on NumPy arrays."""
    return lambda n: q.model.scores(q.images[:n])


def torch(q: Question) -> Answer:
    """PyTorch, eager, without autograd."""
    import torch

    torch.set_num_threads(q.threads)
    x, (W1, b1, W2, b2) = torch.tensor(q.x), map(torch.tensor, q.model.params)

    def answer(n: int) -> NDArray:
        with torch.inference_mode():
            y: NDArray = torch.sigmoid(torch.relu(x[:n] @ W1.T + b1) @ W2.T + b2).numpy()
            return y

    return answer


def jax(q: Question) -> Answer:
    """JAX, compiled for each number of images."""
    import jax
    import jax.numpy as jnp

    x, params = jnp.asarray(q.x), tuple(map(jnp.asarray, q.model.params))

    @jax.jit
    def outputs(params: Any, x: Any) -> Any:
        W1, b1, W2, b2 = params
        return jax.nn.sigmoid(jax.nn.relu(x @ W1.T + b1) @ W2.T + b2)

    parts: dict[int, Any] = {}
    return lambda n: np.asarray(outputs(params, parts.setdefault(n, x[:n])))


def onnxruntime(q: Question) -> Answer:
    """onnxruntime on the CPU; the graph is Gemm, Relu, Gemm, Sigmoid."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Gemm", ["x", "W1", "b1"], ["a"], transB=1),
        helper.make_node("Relu", ["a"], ["h"]),
        helper.make_node("Gemm", ["h", "W2", "b2"], ["z"], transB=1),
        helper.make_node("Sigmoid", ["z"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
        for name, size in (("x", q.model.pixels), ("y", len(q.model.classes)))
    ]
    kept = [numpy_helper.from_array(p, name) for name, p in q.model.params._asdict().items()]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], kept)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = q.threads
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    x = q.x

    def answer(n: int) -> NDArray:
        y: NDArray = session.run(None, {"x": x[:n]})[0]
        return y

    return answer


PEERS: dict[str, Callable[[Question], Answer]] = {
    "ink": ink,
    "numpy": numpy,
    "torch": torch,
    "jax": jax,
    "onnxruntime": onnxruntime,
}
