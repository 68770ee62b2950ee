"""The checker is judged: every planted mistake rejected, nearly all named, no right answer blamed."""

import ast

import pytest

from workbook_suite import cases, correct, judge

pytestmark = pytest.mark.timeout(600)  # the first test judges everything
REMARK = 32  # naive exp: the value is right all the same


@pytest.fixture(scope="module")
def judged():
    return judge.judge_all()


@pytest.fixture
def planted(judged):
    return judged[0]


@pytest.fixture
def right(judged):
    return judged[1]


def test_the_suite_holds_what_it_promises():
    """At least 150 planted; each kind in three ways, alone and in a whole file; 48 right answers; all Python."""
    numbered = [case for case in cases() if case.number]
    assert len(numbered) >= 150
    for number in set(judge.TABLE) - {REMARK}:
        of = [case for case in numbered if case.number == number]
        assert len({case.style for case in of}) >= 3, number
        assert {case.whole for case in of} == {True, False}, number
    assert len(correct()) >= 48
    assert len({case.text for case in cases() + correct()}) == len(cases() + correct())
    for case in cases() + correct():
        ast.parse(case.text)


def test_every_planted_mistake_is_rejected(planted, figure):
    figure("planted mistakes", judge.totals(planted))
    assert not [str(j) for j in planted if j.verdict.passed]


def test_nearly_all_are_named(planted):
    numbered = [j for j in planted if j.case.number]
    missed = [str(j) for j in numbered if j.verdict.mistake != j.case.number]
    assert len(missed) <= 0.05 * len(numbered), "\n".join(missed)


def test_other_mistakes_get_none_of_the_numbers(planted):
    assert not [str(j) for j in planted if j.case.number == 0 and j.verdict.mistake in judge.TABLE]


def test_no_right_answer_is_blamed(right, figure):
    figure("right answers", judge.false_alarms(right).splitlines()[-1])
    assert not any(j.alarms for j in right), judge.false_alarms(right)


def test_remarks_are_made_where_there_is_something_to_remark(right):
    silent = [str(j.case) for j in right if j.case.remark and not any(v.remarks for v in j.verdicts)]
    assert not silent
