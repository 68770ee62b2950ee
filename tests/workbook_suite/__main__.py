"""python tests/workbook_suite: the confusion table of planted mistakes, and the table of false alarms."""

import sys
from pathlib import Path


def main():
    from workbook_suite import judge

    planted, right = judge.judge_all()
    print(judge.confusion(planted))
    print()
    print(judge.false_alarms(right))
    missed = [
        j for j in planted if j.verdict.passed or (j.case.number and j.verdict.mistake != j.case.number)
    ]
    if missed:
        print("\nPassed, or named otherwise:")
    for j in missed:
        print(j)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)
    main()
