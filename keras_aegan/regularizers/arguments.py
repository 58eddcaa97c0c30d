"""What the regularizers ask of their arguments."""

import math
import numbers


def check_weight(weight):
    """Refuses what is no weight of a term."""
    is_number = isinstance(weight, numbers.Real) and not isinstance(weight, bool)
    if not (is_number and math.isfinite(weight) and weight >= 0):
        raise ValueError(
            f"`weight` must be a finite number, zero or more. Received: weight={weight!r}"
        )
