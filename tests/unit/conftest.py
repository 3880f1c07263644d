# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same examples in every run: a test that fails now and then helps nobody."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None, deadline=None)
# For Pythons beside the checkout's own: the same code once more, so fewer of them tell as much.
settings.register_profile("few", parent=settings.get_profile("same"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
