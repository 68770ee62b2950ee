"""The smoke suite in environments made for it: lowest and newest versions, no compiler, other Pythons."""

import importlib.util
from pathlib import Path

import pytest

MAIN = Path(__file__).parent / "smoke" / "__main__.py"
environments = importlib.util.module_from_spec(
    spec := importlib.util.spec_from_file_location("environments", MAIN)
)
spec.loader.exec_module(environments)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return environments.build(tmp_path_factory.mktemp("wheel"))


@pytest.mark.parametrize("name", environments.ALL)
def test_the_smoke_suite_passes(name, wheel, figure, capsys):
    if environments.interpreter(name) is None:
        pytest.skip(f"there is no {name} on this machine")
    passed = environments.smoke(name, wheel)
    said = capsys.readouterr().out
    assert passed, said
    figure(*said.strip().rsplit("\n", 1)[-1].split(": ", 1))
