# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""How Sphinx makes the site that `make docs` writes. tests/tools/docs_site.py puts the sources together."""

import re

from docutils import nodes

project = "routable.ipv6"
copyright = "2026, routable.ipv6 contributors"  # noqa: A001 (Sphinx calls it so)
title = html_title = html_short_title = "routable.ipv6"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
# Headings of a page can be linked to, as on GitHub.
myst_heading_anchors = 4

html_theme = "sphinx_ansible_theme"
html_theme_options = {"topbar_links": {}, "vcs_pageview_mode": "", "documentation_home_url": "index.html"}
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_use_smartypants = False

# References to what is documented elsewhere would need the network; they stay text.
nitpicky = False
default_role = "any"

# What Ansible's own documentation has, so that no inventory of it need be fetched. Anything else that is missing, such
# as a plugin of ours, stays a warning.
_ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
_PAGES = {
    "common_return_values": "reference_appendices/common_return_values.html",
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "ANSIBLE_CALLBACKS_ENABLED": "reference_appendices/config.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
}


def _elsewhere(app, env, node, contnode):
    target = node["reftarget"]
    collection = re.fullmatch(r"ansible_collections\.(?!routable\.)(\w+)\.(\w+)\.(\w+)", target)
    page = "collections/{}/{}/{}.html".format(*collection.groups()) if collection else _PAGES.get(target)
    if page is None:
        return None
    return nodes.reference("", "", contnode, internal=False, refuri=f"{_ANSIBLE}/{page}")


def setup(app):
    app.connect("missing-reference", _elsewhere)
