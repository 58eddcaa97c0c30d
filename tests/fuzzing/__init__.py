"""Calls with arguments that users might give by mistake, and what may come of them.

`tests/test_fuzzing.py` tries a few dozen, `benchmarks/fuzz.py` three thousand.
"""

from tests.fuzzing.abilities import ability_calls, detector_calls, path_calls
from tests.fuzzing.constructors import constructor_calls
from tests.fuzzing.saved_files import ORIGINALS, file_calls
from tests.fuzzing.trainings import compile_calls, fit_calls
from tests.fuzzing.verdicts import ELSEWHERE, verdict

FAMILIES = {
    "constructors": constructor_calls,
    "compile": compile_calls,
    "fit": fit_calls,
    "abilities": ability_calls,
    "detectors": detector_calls,
    "paths": path_calls,
    "files": file_calls,
}

__all__ = ["ELSEWHERE", "FAMILIES", "ORIGINALS", "verdict"]
