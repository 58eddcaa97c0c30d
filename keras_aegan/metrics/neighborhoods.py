"""Balls about examples, as wide as to a neighbour: an estimate of a distribution's support."""

import numpy as np


def balls(centers, points, num_neighbors):
    """Counts which points lie in which balls, each as wide as to its centre's k-th neighbour.

    Args:
        centers: float64 `(num_centers, num_features)`.
        points: float64 `(num_points, num_features)`.
        num_neighbors: k, among the other centres.

    Returns:
        `(points_in_ball, balls_over_point)`: `(num_centers,)` and `(num_points,)`.
    """
    from sklearn.metrics import pairwise_distances_chunked
    from sklearn.neighbors import NearestNeighbors

    # About a common origin: distances of large numbers would lose their last digits.
    origin = centers.mean(axis=0)
    centers, points = centers - origin, points - origin
    neighbors = NearestNeighbors(n_neighbors=num_neighbors).fit(centers)
    radii = neighbors.kneighbors()[0][:, -1]  # without arguments, none is its own neighbour
    balls_over_point = np.zeros(len(points), "int64")

    def count(distances, start):
        inside = distances <= radii[start : start + len(distances), None]
        balls_over_point[:] += inside.sum(axis=0)
        return inside.sum(axis=1)

    chunks = pairwise_distances_chunked(centers, points, reduce_func=count)
    return np.concatenate(list(chunks)), balls_over_point
