# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # The same names and aliases as in amazon.aws, so that one set of variables serves both.
    DOCUMENTATION = r"""
options:
  region:
    description:
      - The region. Without it E(AWS_REGION), E(EC2_REGION), E(AWS_DEFAULT_REGION) and boto3's configuration are asked.
    type: str
    aliases: [aws_region, ec2_region]
  profile:
    description:
      - A profile of boto3's configuration. Without it E(AWS_PROFILE) is asked.
    type: str
    aliases: [aws_profile]
  access_key:
    description:
      - The id of the access key. Without it E(AWS_ACCESS_KEY_ID), E(AWS_ACCESS_KEY) and whatever boto3 knows are asked.
    type: str
    aliases: [aws_access_key_id, aws_access_key]
  secret_key:
    description:
      - The secret access key. Without it E(AWS_SECRET_ACCESS_KEY) and E(AWS_SECRET_KEY) are asked.
    type: str
    aliases: [aws_secret_access_key, aws_secret_key]
  session_token:
    description:
      - The token of temporary keys. Without it E(AWS_SESSION_TOKEN) is asked.
    type: str
    aliases: [aws_session_token]
  endpoint_url:
    description:
      - Where the EC2 API is. Without it E(AWS_URL), E(AWS_ENDPOINT_URL_EC2) and E(AWS_ENDPOINT_URL) are asked.
    type: str
    aliases: [aws_endpoint_url]
  validate_certs:
    description: Whether to check the certificate of the API.
    type: bool
    default: true
  aws_ca_bundle:
    description:
      - A file of certificates to trust. Without it E(AWS_CA_BUNDLE) is asked.
    type: path
  aws_config:
    description:
      - Settings for C(botocore.config.Config), such as C(proxies) or C(read_timeout).
    type: dict
requirements:
  - boto3 and botocore 1.34 or newer where the module runs
"""
