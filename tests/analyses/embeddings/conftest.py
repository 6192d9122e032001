"""Small landscapes in a warehouse, as the landscapes' own tests make them."""

from ..landscapes.conftest import fill_warehouse  # noqa: F401, TID252 - a fixture
