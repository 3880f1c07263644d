# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A BOSH Director to test against: its HTTPS API for configs, deployments and tasks, its UAA, and faults on demand.

A deployment checks the networks of all cloud configs and of its instance groups, and keeps the manifest. On a lab host
it also makes VMs, network namespaces that govmomi's simulator of a vCenter is told about; elsewhere none come of it.

It follows the Director's source (v283.1.6), and refuses what the real one refuses. It shares no code with the
collection, so that it can disagree with it.
"""
