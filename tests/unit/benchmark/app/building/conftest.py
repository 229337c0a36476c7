from __future__ import annotations

import pytest

from benchmark.tasks.protocol import TrainingProtocol, load_protocol


@pytest.fixture
def protocol() -> TrainingProtocol:
    """Return a protocol of six steps."""
    return load_protocol("nb201-digits").changed(
        {
            "data.noise_draws": 1,
            "network.channels": 2,
            "training.epochs": 1,
            "training.batch_size": 200,
            "evaluation.curve_images": 10,
        }
    )
