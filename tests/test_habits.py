"""What surrounds the code: the workflow, the commit hooks, the declared versions."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import habits

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.fixture(scope="module")
def workflow():
    return yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text("utf-8"))


def test_the_workflow_runs_on_every_python_that_is_declared_and_the_next(workflow):
    matrix = workflow["jobs"]["smoke"]["strategy"]["matrix"]
    declared = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if ":: Python :: 3." in name]
    assert matrix["python"][: len(declared)] == declared
    assert f">={declared[0]}" == PROJECT["requires-python"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}


def test_the_workflow_may_only_read_and_runs_what_the_repository_holds(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert "bash .ci/run" in commands
    assert "python tests/smoke newest" in commands
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_the_commit_hooks_are_programs_of_the_development_group():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    programs = {hook["entry"].split()[0] for hook in hooks[0]["hooks"]}
    assert programs == {"ruff", "shellcheck", "python", "mypy"}
    assert all(hook["language"] == "system" for hook in hooks[0]["hooks"])


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem
)
def test_an_issue_form_asks_for_what_is_needed(path):
    form = yaml.safe_load(path.read_text("utf-8"))
    assert form["name"]
    assert form["description"]
    assert sum(part.get("validations", {}).get("required", False) for part in form["body"]) >= 2
    identities = [part["id"] for part in form["body"]]
    assert len(identities) == len(set(identities))


def test_the_lowest_versions_are_written_as_releases():
    """As tests/smoke installs them: a name, >= and a number."""
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["plot"], *PROJECT["optional-dependencies"]["workbook"]]  # fmt: skip
    assert len(declared) > 10
    for requirement in declared:
        assert re.fullmatch(r"[a-z-]+>=\d+(\.\d+)*", requirement)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a\n" + "<" * 7 + " main\n", "a conflict marker"),
        ("a \nb\n", "spaces at the end of a line"),
        ("a\r\n", "a line end of Windows"),
        ("a", "no line end at its end"),
        ("a\n" * (1 << 19) + "\n", "more than a megabyte"),
    ],
)
def test_a_fault_of_a_text_is_named(text, fault):
    assert habits.faults(text) == [fault]
    assert habits.faults("== a table\n\n  and more\n") == []


def test_the_repository_keeps_its_habits():
    texts = [path for name in ("src", "tests", "docs", ".github") for path in (ROOT / name).rglob("*") if path.suffix in (".py", ".md", ".yml")]  # fmt: skip
    assert len(texts) > 100
    assert [
        f"{path}: {fault}" for path in texts for fault in habits.faults(path.read_bytes().decode("utf-8"))
    ] == []
