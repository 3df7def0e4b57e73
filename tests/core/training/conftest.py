"""What TensorFlow gives, computed once for all backends that are compared with it."""

import pytest

from tests.core.build import random_complex, write_dataset


@pytest.fixture(scope="session")
def by_tensorflow(tmp_path_factory):
    """A dataset of two complexes, and what training steps on it give with TensorFlow."""
    import tensorflow as tf

    from tests.core.training.backend_steps import take_steps

    folder = tmp_path_factory.mktemp("backends")
    write_dataset(folder, [random_complex(k, 6, 5) for k in range(2)], ["a", "b"])
    tf.config.run_functions_eagerly(True)  # tracing takes longer
    found = take_steps(folder, "tensorflow")
    tf.config.run_functions_eagerly(False)
    return folder, found
