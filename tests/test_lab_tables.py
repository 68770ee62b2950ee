"""The modules of the lab that tools write are what the tools write today."""

import importlib.util
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"


def tool(name):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["colours", "mean_images"])
def test_a_table_is_what_its_tool_writes(name):
    if name == "colours":
        from matplotlib import colormaps

        if "berlin" not in colormaps:
            pytest.skip("this Matplotlib is older than the scale for dark pages")
    module = tool(name)
    # the formatter may have broken lines, so that layout does not count
    assert "".join(module.FILE.read_text("utf-8").split()) == "".join(module.text().split())
