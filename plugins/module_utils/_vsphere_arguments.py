# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The options by which modules log in at vCenter."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback
from ansible_collections.routable.ipv6.plugins.module_utils import _vsphere_client as vsphere
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import LONGEST_ANSWER, check_seconds
from ansible_collections.routable.ipv6.plugins.module_utils._urls import is_host

CONNECTION: dict[str, t.Any] = {
    "hostname": {"type": "str", "required": True, "fallback": (env_fallback, ["VMWARE_HOST"])},
    "port": {"type": "int", "default": vsphere.PORT},
    "username": {"type": "str", "required": True, "fallback": (env_fallback, ["VMWARE_USER"])},
    "password": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["VMWARE_PASSWORD"])},
    "ca_cert": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 30},
    "datacenter": {"type": "str", "required": True},
}


def connect(params: t.Mapping[str, t.Any]) -> vsphere.Vcenter:
    """A session for these options, not yet open.

    :raises VsphereError: the CA cannot be read.
    :raises Refused: no host, which pyvmomi would take for this one; no time for an answer.
    """
    check_seconds("timeout", params["timeout"], 1, LONGEST_ANSWER)
    if not is_host(params["hostname"].strip("[]")):
        raise Refused(
            f"hostname={params['hostname']}", "this is no name or address of a vCenter", "Write it without https://"
        )
    context = vsphere.make_context(params["ca_cert"], params["validate_certs"])
    return vsphere.Vcenter(
        params["hostname"], params["port"], params["username"], params["password"], context, params["timeout"]
    )
