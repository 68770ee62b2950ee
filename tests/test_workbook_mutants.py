"""No small change of a solution goes unnoticed; and the tool that makes the changes makes them all."""

import ast

import pytest

from handgrad.workbook.book.exercise import ExerciseError, exercises
from handgrad.workbook.checks.verdict import Verdict

import mutants

pytestmark = pytest.mark.timeout(600)

SOURCE = '''
import numpy as np


def f(x: int, W):
    """A docstring with 1 > 0."""
    a = np.maximum(x @ W.T, 0).sum(axis=1)
    if a > 2:
        a -= {"one": x[1:], "two": -W}["one"]
    return a, W
'''
CHANGES = """
'a = np.maximum(x @ W.T, 0).sum(axis=1)' is left out
sum becomes mean
maximum becomes minimum
@ becomes *
x @ W.T becomes x
x @ W.T becomes W.T
W.T becomes W
x becomes W
W becomes x
0 becomes 1
axis=1 is left out
1 becomes 2
1 becomes 0
> becomes >=
> becomes <
a becomes x
2 becomes 3
2 becomes -2
{'one': x[1:], 'two': -W}['one']" is left out
- becomes +
'one' becomes 'two'
1: becomes :
-W becomes W
it becomes return
it becomes return a
it becomes return W
it becomes return (W, a)
""".strip().split("\n")


@pytest.fixture(scope="module")
def fates():
    return {name: mutants.fate(exercise) for name, exercise in exercises().items()}


def test_no_mutant_of_a_solution_survives(fates, figure):
    for name, f in fates.items():
        total = f.refused + f.remarked + len(f.equivalent) + len(f.surviving)
        told = f"{total}: refused {f.refused}, remarked {f.remarked}, equivalent {len(f.equivalent)}"
        figure(f"mutants of {name}", f"{told}, surviving {len(f.surviving)}")
        assert total > 10
    assert not [f"{name}, {mutant.what}" for name, f in fates.items() for mutant in f.surviving]


def test_every_reason_is_needed(fates):
    """An entry that excuses nothing any more would excuse something else one day."""
    excused = [(name, mutant) for name, f in fates.items() for mutant, _ in f.equivalent]
    for entry in mutants.EQUIVALENT:
        assert any(mutants.matches(entry, name, mutant) for name, mutant in excused), entry


def test_every_kind_of_change_is_made():
    made = [mutant.what.split(": ", 1)[1] for mutant in mutants.mutants(SOURCE)]
    for change in CHANGES:
        assert any(what.endswith(change) for what in made), f"{change}: {made}"


def test_a_mutant_is_python_and_another_program_and_made_once():
    made = list(mutants.mutants(SOURCE))
    assert len({mutant.text for mutant in made}) == len(made)
    for mutant in made:
        tree = ast.parse(mutant.text)
        assert ast.dump(tree) != ast.dump(ast.parse(SOURCE))
        function = tree.body[1]
        assert ast.get_docstring(function) == "A docstring with 1 > 0."
        assert mutant.text.startswith("import numpy as np\n\ndef f(x: int, W):")
        assert mutant.what.startswith(SOURCE.split("\n")[mutant.line - 1].strip())


def test_a_check_that_sees_nothing_lets_all_survive(monkeypatch):
    monkeypatch.setattr(mutants, "run", lambda desk, sources, only: [Verdict(only[0], passed=True)])
    exercise = exercises()["affine_backward"]
    assert len(mutants.survivors(exercise)) == len(list(mutants.mutants(exercise.solution)))


def test_a_new_remark_is_noticed_and_one_on_speed_is_not(monkeypatch):
    exercise = exercises()["affine_backward"]

    def remarks(what):
        def run(desk, sources, only):
            return [
                Verdict(only[0], passed=True, remarks=() if sources[0].text == exercise.solution else (what,))
            ]

        monkeypatch.setattr(mutants, "run", run)
        return mutants.fate(exercise)

    assert not remarks("the batches are in file order").surviving
    assert remarks("right, but slow").surviving


def test_a_mutant_that_never_ends_is_noticed(monkeypatch):
    exercise = exercises()["mean_images"]

    def run(desk, sources, only):
        while sources[0].text != exercise.solution:
            pass
        return [Verdict(only[0], passed=True)]

    monkeypatch.setattr(mutants, "SECONDS", 0.05)
    monkeypatch.setattr(mutants, "run", run)
    assert mutants.fate(exercise).refused == len(list(mutants.mutants(exercise.solution)))


def test_a_check_that_refuses_everything_is_no_check(monkeypatch):
    monkeypatch.setattr(mutants, "run", lambda desk, sources, only: [Verdict(only[0], passed=False)])
    with pytest.raises(ExerciseError, match="expected its solution to pass"):
        mutants.fate(exercises()["affine_backward"])


def test_the_table(capsys, monkeypatch):
    assert mutants.main(["relu_backward"]) == 0
    header, row, *equivalent = capsys.readouterr().out.splitlines()
    assert header.split() == ["exercise", "mutants", "refused", "remarked", "equivalent", "surviving"]
    name, *counts = row.split()
    made, refused, remarked, alike, surviving = map(int, counts)
    assert (name, made, surviving) == ("relu_backward", refused + remarked + alike, 0)
    assert len(equivalent) == alike
    monkeypatch.setattr(mutants, "run", lambda desk, sources, only: [Verdict(only[0], passed=True)])
    assert mutants.main(["relu_backward"]) == 1
    assert "SURVIVES: dx = dout * (x > 0): > becomes >=" in capsys.readouterr().out
