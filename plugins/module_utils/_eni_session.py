# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A boto3 client from the options that amazon.aws has, too, and one sentence for each way in which that fails."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import BOTO_ERROR
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import Failure, Undone
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

try:
    import boto3
    import botocore
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
except ImportError:
    # The port keeps the traceback.
    pass

# EnablePrimaryIpv6 is in botocore since August 2023, prefixes are older.
MINIMUM = (1, 34)

ARGUMENTS: dict[str, t.Any] = {
    "region": {"type": "str", "aliases": ["aws_region", "ec2_region"]},
    "profile": {"type": "str", "aliases": ["aws_profile"]},
    "access_key": {"type": "str", "aliases": ["aws_access_key_id", "aws_access_key"], "no_log": False},
    "secret_key": {"type": "str", "aliases": ["aws_secret_access_key", "aws_secret_key"], "no_log": True},
    "session_token": {"type": "str", "aliases": ["aws_session_token"], "no_log": True},
    "endpoint_url": {"type": "str", "aliases": ["aws_endpoint_url"]},
    "validate_certs": {"type": "bool", "default": True},
    "aws_ca_bundle": {"type": "path"},
    # Its proxies may have passwords.
    "aws_config": {"type": "dict", "no_log": True},
}
# What else AnsibleModule has to know of them.
DEPENDENT: dict[str, t.Any] = {
    "mutually_exclusive": [("profile", "access_key"), ("profile", "secret_key"), ("profile", "session_token")],
    "required_together": [("access_key", "secret_key")],
    "supports_check_mode": True,
}

_KEYS = "Set access_key and secret_key, a profile, or the environment as for boto3"
# By the names of botocore's exceptions, which have no codes: what is wrong and what helps.
_TROUBLE: dict[str, tuple[str, str, str]] = {
    "NoRegionError": ("region", "there is none, and no default one either", "Set region or AWS_REGION"),
    "InvalidRegionError": ("region", "this is no name of a region", "Write it like us-east-1"),
    "ProfileNotFound": (
        "profile",
        "boto3's configuration does not have it",
        "Correct the name, or run aws configure",
    ),
    "NoCredentialsError": ("credentials", "there are none", _KEYS),
    "PartialCredentialsError": ("credentials", "only a part of them is there", _KEYS),
    "CredentialRetrievalError": ("credentials", "they could not be had", _KEYS),
    "TokenRetrievalError": ("credentials", "the session has expired", "Run aws sso login"),
    "UnauthorizedSSOTokenError": ("credentials", "the session has expired", "Run aws sso login"),
    "SSOTokenLoadError": ("credentials", "there is no session", "Run aws sso login"),
}


def make_client(params: t.Mapping[str, t.Any]) -> t.Any:
    """An EC2 client. It makes no second attempts of its own: the port does, with the same token.

    :raises Refused: no region, no such profile, an option that boto3 does not take.
    """
    environ = os.environ
    version = tuple(int(part) for part in botocore.__version__.split(".")[:2])
    if version < MINIMUM:
        raise Refused(
            f"botocore {botocore.__version__}",
            f"at least {'.'.join(map(str, MINIMUM))} is needed",
            "Run pip install --upgrade boto3 with the Python that runs this module",
        )
    region = params["region"] or environ.get("AWS_REGION") or environ.get("EC2_REGION") or None
    config = {"retries": {"total_max_attempts": 1, "mode": "standard"}, **(params["aws_config"] or {})}
    try:
        session = boto3.session.Session(
            aws_access_key_id=params["access_key"] or environ.get("AWS_ACCESS_KEY") or None,
            aws_secret_access_key=params["secret_key"] or environ.get("AWS_SECRET_KEY") or None,
            aws_session_token=params["session_token"],
            region_name=region,
            profile_name=params["profile"],
        )
        return session.client(
            "ec2",
            endpoint_url=params["endpoint_url"] or environ.get("AWS_URL") or None,
            verify=params["aws_ca_bundle"] if params["aws_ca_bundle"] and params["validate_certs"] else _verify(params),
            config=Config(**config),
        )
    except BotoCoreError as error:
        raise explained(type(error).__name__, str(error), params) from error
    except (TypeError, ValueError) as error:
        raise Refused("the connection to AWS", str(error).rstrip("."), "Correct endpoint_url or aws_config") from error


def _verify(params: t.Mapping[str, t.Any]) -> bool | None:
    # None leaves it to boto3, which then heeds AWS_CA_BUNDLE.
    return None if params["validate_certs"] else False


def explained(kind: str, message: str, params: t.Mapping[str, t.Any]) -> Refused:
    """What an exception of botocore's means for who runs the task."""
    subject, rule, remedy = _TROUBLE.get(kind, ("the connection to AWS", message.rstrip("."), "Check the options"))
    value = params.get(subject)
    return Refused(f"{subject}={value}" if value else subject, rule, remedy)


def explained_failure(failure: Failure, params: t.Mapping[str, t.Any]) -> str:
    """One sentence or two for a failed call, also where the call was never made."""
    if failure.code in _TROUBLE:
        return str(explained(failure.code, failure.message, params))
    return str(failure)


def show_settings(hidden: set[str], params: t.Mapping[str, t.Any]) -> None:
    """Hide no more of aws_config than its proxies: a time-out of 240 s would be blotted out of 2400:6500::/32, too."""
    secret = {params["secret_key"], params["session_token"], *_texts(params["aws_config"], True)}
    hidden.difference_update(_texts(params["aws_config"], False) - secret)


def _texts(data: object, wanted: bool, proxies: bool = False) -> set[str]:
    """The values inside that belong to proxies, or, when these are not wanted, all others."""
    if isinstance(data, t.Mapping):
        parts = (_texts(one, wanted, proxies or str(key).startswith("proxies")) for key, one in data.items())
        return set().union(*parts)
    if isinstance(data, (list, tuple)):
        return set().union(*(_texts(one, wanted, proxies) for one in data))
    return {str(data)} if wanted is proxies else set()


def conclude(module: t.Any, run: t.Callable[[t.Any], dict[str, t.Any]]) -> None:
    """Run a module that talks to EC2 and report its result; AWS' own code comes along with a failure."""
    show_settings(module.no_log_values, module.params)
    if BOTO_ERROR:
        module.fail_json(msg=missing_required_lib("boto3"), exception=BOTO_ERROR)
    try:
        result = run(module)
    except Refused as error:
        module.fail_json(msg=str(error))
    except Failure as failure:
        module.fail_json(msg=explained_failure(failure, module.params), error_code=failure.code)
    except Undone as undone:
        cause = undone.error
        module.fail_json(msg=str(undone), error_code=cause.code if isinstance(cause, Failure) else "")
    else:
        module.exit_json(**result)
