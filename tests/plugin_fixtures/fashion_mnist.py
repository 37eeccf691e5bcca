"""Fashion-MNIST's four files, which have MNIST's form and names."""

from tests.plugin_fixtures.mnist import FIXTURE

__all__ = ["FIXTURE"]
