"""Suites that every implementation of a plug-in passes."""

import pytest

pytest.register_assert_rewrite("tests.conformance.state")
