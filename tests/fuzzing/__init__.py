"""Calls with arguments that users might give by mistake, and what may come of them.

`tests/test_fuzzing.py` tries a few dozen, `benchmarks/fuzz.py` two thousand.
"""

from tests.fuzzing.constructors import constructor_calls
from tests.fuzzing.saved_files import ORIGINALS, file_calls
from tests.fuzzing.trainings import compile_calls, fit_calls
from tests.fuzzing.verdicts import ELSEWHERE, verdict

FAMILIES = {
    "constructors": constructor_calls,
    "compile": compile_calls,
    "fit": fit_calls,
    "files": file_calls,
}

__all__ = ["ELSEWHERE", "FAMILIES", "ORIGINALS", "verdict"]
