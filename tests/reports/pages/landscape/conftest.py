"""Landscapes to make pages of: the fixtures of the landscapes' own tests."""

from ....analyses.landscapes.conftest import fill_warehouse  # noqa: F401 - a fixture
