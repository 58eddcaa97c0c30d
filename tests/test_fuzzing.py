"""A few dozen of the calls of which `benchmarks/fuzz.py` makes two thousand."""

import hypothesis
import keras
import pytest

from keras_aegan import models
from tests import fuzzing


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", list(fuzzing.FAMILIES))
def test_wrong_calls_end_in_a_sentence(family):
    @hypothesis.settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(fuzzing.FAMILIES[family]())
    def run(case):
        description, call = case
        wrong = fuzzing.verdict(call)
        is_theirs = family == "files" and wrong and wrong.startswith(fuzzing.ELSEWHERE)
        assert is_theirs or wrong is None, f"{description}: {wrong}"

    run()


def test_code_inside_a_file_is_not_run(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(fuzzing.ORIGINALS["lambda"])
    with pytest.raises(ValueError, match="Lambda"):
        keras.models.load_model(path)


def test_a_foreign_file_is_loaded_as_what_it_is(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(fuzzing.ORIGINALS["foreign"])
    assert not isinstance(keras.models.load_model(path), models.LatentVariableModel)
