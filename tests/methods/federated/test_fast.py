"""The fast plane sees images as the full one does: what is wide in them is wide in it."""

import numpy as np

from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.fast import COMPONENTS, Projection
from edgesim.scenarios import resolve


def test_components_keep_their_widths_and_the_images_unit_does_not_count() -> None:
    shares = Shares(resolve("factories_small"))
    projection = Projection(shares)
    seen = projection.of(shares.images.x)
    assert seen.shape == (len(shares.images.x), COMPONENTS + 1)
    assert (seen[:, -1] == 1).all()
    variance = seen[:, :-1].var(axis=0)
    assert (np.diff(variance) < 0).all()
    assert np.isclose(variance.mean(), 1.0, rtol=1e-3)
    assert variance[0] > 4 * variance[-1]
    shares.images = shares.images._replace(x=3 * shares.images.x)
    assert np.allclose(np.abs(Projection(shares).of(shares.images.x)), np.abs(seen), atol=1e-2)
