"""One function at a time goes wrong, in ways that say nothing of the mathematics: the others keep their marks."""

import re

from situations import ALL
from situations.write import named

AFTER = "\n\n_right = {name}\n\n\ndef {name}(*given, **more):\n    out = _right(*given, **more)\n"
WAYS = {
    "raises": "def {name}(*given, **more):\n    return not_defined\n",
    "returns nothing": "def {name}(*given, **more):\n    x = given[0]\n    print(x)\n",
    "transposed": "{body}"
    + AFTER
    + "    return tuple(o.T for o in out) if isinstance(out, tuple) else out.T\n",
    "doubled": "{body}"
    + AFTER
    + "    return tuple(2 * o for o in out) if isinstance(out, tuple) else 2 * out\n",
}
OF_NETWORK = {
    "forward raises": (
        r"(    def forward\(self, \w+\):\n)",
        r"\1        raise ValueError('shapes do not match')\n",
    ),
    "init raises": (r"(    def __init__\(.*\):\n)", r"\1        undefined_name\n"),
    "keeps nothing": (r"self\.grads", "self.other"),
}


def broken(text):
    """Each exercise that is broken, how, and the file."""
    bodies = named(text)
    for name in ALL:
        body = bodies.get(name, "")
        if name == "TwoLayerNet":
            yield from (
                (name, way, text.replace(body, re.sub(*edit, body))) for way, edit in OF_NETWORK.items()
            )
        elif body:
            for way, frame in WAYS.items():
                yield name, way, text.replace(body, frame.replace("{name}", name).replace("{body}", body))
