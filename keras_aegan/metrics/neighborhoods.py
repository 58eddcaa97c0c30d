"""Nearest neighbours, as exact as SciPy's `cdist` in float64, at the speed of matrix products.

If examples repeat, the result depends on which distances are equal, and a matrix product leaves
that to rounding. So products, with a bound on their error, only rule out pairs that are too far
apart, and `cdist` decides wherever rounding could matter.
"""

import numpy as np

_BLOCK = 512  # rows of a matrix of distances at a time: 10,000 examples would need 800 MB
# Squares outside this range have lost digits, or are zero or infinite: `cdist` decides.
_SMALLEST, _LARGEST = 1e-300, 1e300


class Rows:
    """Examples, with equal ones merged into one row.

    Args:
        examples: float64 `(num_examples, num_features)`.

    Attributes:
        values: the different rows, `(num_rows, num_features)`.
        place: the index of each example's row, `(num_examples,)`.
        counts: how often each row occurs, `(num_rows,)`.
    """

    def __init__(self, examples):
        examples = examples + 0.0  # -0.0 becomes 0.0, which has other bytes
        indices = {}
        self.place = np.array([indices.setdefault(e.tobytes(), len(indices)) for e in examples])
        self.values = examples[np.unique(self.place, return_index=True)[1]]
        self.counts = np.bincount(self.place)

    def settled(self, num_neighbors):
        """The k nearest others of each row, and where they are certain: no repeats, no near ties.

        Args:
            num_neighbors: k.

        Returns:
            `(found, is_settled)`: indices, `(num_rows, k)`, and for which rows they are certain.
        """
        num_rows = len(self.values)
        if num_rows <= num_neighbors + 1:
            return np.zeros((num_rows, num_neighbors), "int64"), np.zeros(num_rows, bool)
        found, is_unsure = _find_neighbors(self.values, num_neighbors)
        has_repeats = (self.counts[found] > 1).any(axis=1) | (self.counts > 1)
        return found, ~is_unsure & ~has_repeats

    def nearest(self, num_neighbors, rows):
        """Yields, for each given row, the rows of its k nearest other examples, ties included.

        Others are counted by example, as in a matrix of distances without its diagonal: a row that
        repeats is among its own neighbours.

        Args:
            num_neighbors: k.
            rows: the indices of rows, `(num,)`.

        Yields:
            `(indices, distances)` of all rows up to the distance of the k-th nearest other example,
            sorted.
        """
        k = min(num_neighbors, len(self.values) - 1)
        for start, lower, margin in _lower_bounds(self.values[rows], self.values):
            upper = lower + margin[0][:, None] + margin[1]
            upper.partition(k, axis=1)  # the row itself is the nearest of k + 1
            places, columns = np.nonzero(~(lower > upper[:, k, None]))
            for i, indices in zip(rows[start:], _split(places, columns, len(lower)), strict=False):
                distances = _exact(self.values[i], self.values[indices])
                order = np.argsort(distances, kind="stable")
                indices, distances = indices[order], distances[order]
                num_found = np.cumsum(self.counts[indices] - (indices == i))
                radius = distances[np.searchsorted(num_found, num_neighbors)]
                num_near = np.searchsorted(distances, radius, side="right")
                yield indices[:num_near], distances[:num_near]

    def radii(self, num_neighbors):
        """The distance of each row to its k-th nearest other example, `(num_rows,)`."""
        found, is_settled = self.settled(num_neighbors)
        radii = np.empty(len(self.values))
        for i in np.flatnonzero(is_settled):
            radii[i] = _exact(self.values[i], self.values[found[i]]).max()
        others = np.flatnonzero(~is_settled)
        radii[others] = [d[-1] for _, d in self.nearest(num_neighbors, others)]
        return radii


def balls(centers, points, num_neighbors):
    """Counts points in balls; a ball's radius is the distance to its centre's k-th neighbour.

    Args:
        centers: float64 `(num_centers, num_features)`.
        points: float64 `(num_points, num_features)`.
        num_neighbors: k, among the other centres.

    Returns:
        `(points_in_ball, balls_over_point)`: `(num_centers,)` and `(num_points,)`.
    """
    centers, points = Rows(centers), Rows(points)
    radii = centers.radii(num_neighbors)
    points_in_ball = np.zeros(len(centers.values), "int64")
    balls_over_point = np.zeros(len(points.values), "int64")
    for start, lower, margin in _lower_bounds(centers.values, points.values):
        block = slice(start, start + len(lower))
        with np.errstate(over="ignore"):
            squares = np.square(radii[block])
        rows, columns = np.nonzero(~(lower > squares[:, None]))
        inside = lower[rows, columns] + margin[0][rows] + margin[1][columns] <= squares[rows]
        unsure = np.flatnonzero(~inside)
        for i, places in enumerate(_split(rows[unsure], unsure, len(lower)), start):
            if len(places):
                distances = _exact(centers.values[i], points.values[columns[places]])
                inside[places] = distances <= radii[i]
        rows, columns = rows[inside], columns[inside]
        np.add.at(points_in_ball[block], rows, points.counts[columns])
        np.add.at(balls_over_point, columns, centers.counts[block][rows])
    return points_in_ball[centers.place], balls_over_point[points.place]


def _find_neighbors(values, k):
    """`(found, is_unsure)`: k neighbours of each of k + 2 or more rows, and where others may be."""
    from sklearn.neighbors import NearestNeighbors

    values, _, squares, _, error = _centered(values, values)
    if not squares.max() < _LARGEST:
        return np.zeros((len(values), k), "int64"), np.ones(len(values), bool)
    distances, found = NearestNeighbors(n_neighbors=k + 1).fit(values).kneighbors()
    nearest, next_nearest = np.square(distances[:, k - 1]), np.square(distances[:, -1])
    # An overlooked row is as near, and so has a square of at most 2 ‖x‖² + 2 d².
    margin = 2 * error * (3 * squares + 2 * next_nearest) + _SMALLEST
    return found[:, :k], next_nearest - nearest <= margin


def _lower_bounds(x, y):
    """Yields bounds of squared distances, some rows of x at a time.

    Yields:
        `(start, lower, margin)`: the first row's index; lower bounds of the squared distances,
        `(num_rows, num_y)`, or NaN; and two arrays, for the rows and for y, whose sum added to
        them gives upper bounds.
    """
    with np.errstate(all="ignore"):
        x, y, x_squares, y_squares, error = _centered(x, y)
        x_part, y_part = (1 - error) * x_squares - _SMALLEST, (1 - error) * y_squares
        if not max(x_squares.max(initial=0), y_squares.max()) < _LARGEST:
            x_part[:] = np.nan  # all bounds are then NaN, which rule out nothing
        left = np.column_stack([x, x_part, np.ones(len(x))])
        right = np.column_stack([-2 * y, np.ones(len(y)), y_part]).T
        x_margin, y_margin = 2 * (error * x_squares + _SMALLEST), 2 * error * y_squares
        for start in range(0, len(x), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield start, left[rows] @ right, (x_margin[rows], y_margin)


def _centered(x, y):
    """Both arrays around a common origin, their squared norms, and a product's relative error.

    Distances do not depend on the origin, but their last digits do. By the usual bound on a sum's
    rounding, ‖x‖² − 2x·y + ‖y‖² lies within (2.5 d + 10) ε (‖x‖² + ‖y‖²) of the square of `cdist`,
    including the subtraction of the origin and the error of `cdist` itself.
    """
    with np.errstate(all="ignore"):
        origin = np.median(y, axis=0)
        x, y = x - origin, y - origin
        error = (4 * x.shape[1] + 16) * np.finfo("float64").eps
        return x, y, np.square(x).sum(axis=1), np.square(y).sum(axis=1), error


def _split(rows, values, num_rows):
    """The values of each row, a list of arrays; `rows` are sorted."""
    return np.split(values, np.searchsorted(rows, np.arange(1, num_rows)))


def _exact(row, rows):
    """The distances from one row to several."""
    from scipy.spatial.distance import cdist

    return cdist(row[None], rows)[0]
