# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The SMF service that turns IPv6 on in a zone, or in the global zone, at each of its boots.

Address objects that ``ipadm create-addr -t`` makes last until the next boot, so a service has to make them again. It is
kept below /opt/custom, which outlives a boot of the global zone; manifests in /opt/custom/smf are read there at boot.
"""

from __future__ import annotations

import ipaddress
import shlex
import typing as t

FMRI = "svc:/site/routable-ipv6:default"
MANIFEST_PATH = "/opt/custom/smf/routable-ipv6.xml"
METHOD_PATH = "/opt/custom/method/routable-ipv6"
SETTINGS_PATH = "/opt/custom/etc/routable-ipv6.conf"
PATHS = (METHOD_PATH, SETTINGS_PATH, MANIFEST_PATH)
# All interfaces that IP has, but the loopback.
EVERY = "*"
# The names of our address objects: net0/routable by router advertisements, net0/routable1 and so on static ones.
OBJECT = "routable"

MANIFEST = f"""<?xml version="1.0"?>
<!DOCTYPE service_bundle SYSTEM "/usr/share/lib/xml/dtd/service_bundle.dtd.1">
<!-- Managed by Ansible, routable.ipv6. -->
<service_bundle type="manifest" name="routable-ipv6">
  <service name="site/routable-ipv6" type="service" version="1">
    <create_default_instance enabled="true"/>
    <single_instance/>
    <dependency name="network" grouping="require_all" restart_on="none" type="service">
      <service_fmri value="svc:/milestone/network:default"/>
    </dependency>
    <!-- Not require_all: a restart of in.ndpd must not take this service, and with it the addresses, away. -->
    <dependency name="ndp" grouping="optional_all" restart_on="none" type="service">
      <service_fmri value="svc:/network/routing/ndp:default"/>
    </dependency>
    <exec_method type="method" name="start" exec="/bin/sh {METHOD_PATH}" timeout_seconds="60"/>
    <exec_method type="method" name="stop" exec=":true" timeout_seconds="60"/>
    <property_group name="startd" type="framework">
      <propval name="duration" type="astring" value="transient"/>
    </property_group>
    <stability value="Unstable"/>
    <template>
      <common_name><loctext xml:lang="C">IPv6 addresses</loctext></common_name>
    </template>
  </service>
</service_bundle>
"""

METHOD = f"""#!/bin/sh
# Managed by Ansible, routable.ipv6. Makes what {SETTINGS_PATH} says and is not there yet.
PATH=/usr/sbin:/usr/bin
export PATH
failed=0

# An import does not enable what a service depends upon, so this is done here.
svcadm enable -s svc:/network/routing/ndp:default </dev/null || exit 95

addrconf() {{
    if ipadm show-addr -p -o addrobj,type | grep "^$1/[^:]*:addrconf\\$" >/dev/null; then
        return
    fi
    ipadm create-addr -t -T addrconf "$1/{OBJECT}" || failed=1
}}

static() {{
    if ipadm show-addr -p -o addr | grep -i "^$2\\$" >/dev/null; then
        return
    fi
    number=1
    while ipadm show-addr -p -o addrobj | grep "^$1/{OBJECT}$number\\$" >/dev/null; do
        number=`expr $number + 1`
    done
    ipadm create-addr -t -T static -a "$2" "$1/{OBJECT}$number" || failed=1
}}

gateway() {{
    # One that is there already is no failure.
    if [ -n "$2" ]; then
        route -n add -inet6 default "$1" -ifp "$2"
    else
        route -n add -inet6 default "$1"
    fi
    :
}}

while read -r word first second; do
    case $word in
    addrconf)
        if [ "$first" = "{EVERY}" ]; then
            for interface in `ipadm show-if -p -o ifname | grep -v '^lo[0-9]'`; do
                addrconf "$interface"
            done
        else
            addrconf "$first"
        fi
        ;;
    static) static "$first" "$second" ;;
    gateway) gateway "$first" "$second" ;;
    esac
done <{SETTINGS_PATH}
[ $failed -eq 0 ] || exit 95
exit 0
"""

TEXTS = {MANIFEST_PATH: MANIFEST, METHOD_PATH: METHOD}


class Settings(t.NamedTuple):
    """What the service is to make: interfaces with SLAAC (or :data:`EVERY`), static addresses in CIDR form by
    interface, and a default gateway, with its interface if it is link-local."""

    addrconf: tuple[str, ...] = ()
    statics: tuple[tuple[str, str], ...] = ()
    gateway: str = ""
    gateway_interface: str = ""

    def text(self) -> str:
        lines = ["# Managed by Ansible, routable.ipv6."]
        lines += [f"addrconf {name}" for name in self.addrconf]
        lines += [f"static {name} {address}" for name, address in self.statics]
        if self.gateway:
            lines.append(f"gateway {self.gateway} {self.gateway_interface}".rstrip())
        return "\n".join(lines) + "\n"


# What is read in one go, from inside; each part begins with a line of its own.
_MARK = "@@routable@@"
READ = f"""PATH=/usr/sbin:/usr/bin
export PATH
echo "{_MARK} multi-user"
svcs -H -o state svc:/milestone/multi-user:default </dev/null
echo "{_MARK} state"
svcs -H -o state {FMRI} 2>/dev/null </dev/null
echo "{_MARK} addresses"
ipadm show-addr -p -o addrobj,type,state,addr </dev/null
echo "{_MARK} interfaces"
ipadm show-if -p -o ifname </dev/null
echo "{_MARK} nics"
mdata-get sdc:nics 2>/dev/null </dev/null
for path in {" ".join(PATHS)}; do
    if [ -f "$path" ]; then
        echo "{_MARK} $path"
        cat "$path"
    fi
done
exit 0
"""


class AddressObject(t.NamedTuple):
    """A line of ``ipadm show-addr``."""

    name: str
    kind: str
    state: str
    address: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes two objects the same one: the interface, and the address by value."""
        return static_key(self.name.partition("/")[0], self.address)


def static_key(interface: str, address: str) -> tuple[str, str]:
    try:
        return interface, str(ipaddress.ip_interface(address))
    except ValueError:
        # dhcp and addrconf objects may have none yet.
        return interface, address


class Inside(t.NamedTuple):
    """What was found in a zone. ``state`` is that of our service, empty if there is none; ``up`` is whether it has
    reached multi-user."""

    up: bool
    state: str
    objects: tuple[AddressObject, ...]
    interfaces: tuple[str, ...]
    nics: str
    files: t.Mapping[str, str]

    def has_addrconf(self, interface: str, but_ours: bool = False) -> bool:
        """Whether the interface takes addresses from router advertisements; ``but_ours`` leaves our object out."""
        return any(
            one.kind == "addrconf"
            and one.name.startswith(f"{interface}/")
            and not (but_ours and one.name == f"{interface}/{OBJECT}")
            for one in self.objects
        )

    def lacks(self, wanted: Settings) -> bool:
        """Whether something is not there that the service has to make."""
        interfaces = set(wanted.addrconf) - {EVERY}
        if EVERY in wanted.addrconf:
            interfaces |= {name for name in self.interfaces if not name.startswith("lo")}
        # An address is assigned once, whatever the number of interfaces that may use it.
        there = {one.key[1] for one in self.objects}
        missing = {static_key(*one)[1] for one in wanted.statics} - there
        return bool(missing) or not all(map(self.has_addrconf, interfaces))

    def lingering(self, wanted: Settings) -> list[str]:
        """Our address objects that the service would not make any more."""
        keys = {static_key(*one) for one in wanted.statics}
        links = set(wanted.addrconf)
        stay = {
            one.name
            for one in self.objects
            if (one.key in keys if one.kind == "static" else EVERY in links or one.name.partition("/")[0] in links)
        }
        return [name for name in our_objects(self.objects) if name not in stay]

    @property
    def made_by_service(self) -> bool:
        return bool(self.state or self.files)


def parse_inside(text: str) -> Inside:
    """The output of :data:`READ`.

    :raises ValueError: it is not that.
    """
    parts: dict[str, str] = {}
    for part in text.split(f"{_MARK} ")[1:]:
        name, dummy, content = part.partition("\n")
        parts[name] = content
    missing = {"multi-user", "state", "addresses", "interfaces", "nics"} - set(parts)
    if missing:
        raise ValueError(f"no {', '.join(sorted(missing))} in {text[:200]!r}")
    return Inside(
        up=parts["multi-user"].strip() == "online",
        state=parts["state"].strip(),
        objects=tuple(_object(line) for line in parts["addresses"].splitlines() if line),
        interfaces=tuple(parts["interfaces"].split()),
        nics=parts["nics"].strip(),
        files={path: parts[path] for path in PATHS if path in parts},
    )


def _object(line: str) -> AddressObject:
    # A colon within a field is escaped (ipadm(8), -p).
    fields = [field.replace("\0", ":") for field in line.replace("\\:", "\0").split(":")]
    if len(fields) != 4:
        raise ValueError(f"ipadm wrote {line!r}")
    return AddressObject(*fields)


def write_script(texts: t.Mapping[str, str]) -> str:
    """Shell commands that write these files, each in one step and readable for all.

    ZFS keeps the order of what is written and renamed, so nothing has to be flushed in between.
    """
    lines = ["umask 022", "mkdir -p /opt/custom/smf /opt/custom/method /opt/custom/etc || exit 1"]
    for path, text in texts.items():
        lines.append(
            f"printf %s {shlex.quote(text)} >{path}.new && mv {path}.new {path} || {{ rm -f {path}.new; exit 1; }}"
        )
    return "\n".join(lines) + "\n"


def start_script(known: bool, manifest_changed: bool, state: str) -> str:
    """Shell commands after which the service is online with what its files say, or which fail."""
    lines = []
    if manifest_changed or not known:
        lines.append(f"svccfg import {MANIFEST_PATH} </dev/null || exit 1")
    if state == "maintenance":
        lines.append(f"svcadm clear {FMRI} </dev/null || exit 1")
    elif state == "online":
        # A restart does not wait until the method has run.
        lines.append(f"svcadm disable -s {FMRI} </dev/null || exit 1")
    lines.append(f"svcadm enable -rs {FMRI} </dev/null || exit 1")
    return "\n".join(lines) + "\n"


def drop_script(names: t.Iterable[str], gateway: str) -> str:
    """Shell commands that take address objects away, and the default route by a gateway."""
    lines = [f"ipadm delete-addr {shlex.quote(name)} </dev/null || exit 1" for name in names]
    if gateway:
        lines.append(f"route -n delete -inet6 default {gateway} </dev/null")
    return "".join(f"{line}\n" for line in lines)


def remove_script(known: bool, objects: t.Iterable[AddressObject], gateway: str) -> str:
    """Shell commands that take the service away, and the addresses it has made."""
    lines = []
    if known:
        lines += [f"svcadm disable -s {FMRI} </dev/null", f"svccfg delete -f {FMRI} </dev/null || exit 1"]
    head = "PATH=/usr/sbin:/usr/bin\nexport PATH\n" + "".join(f"{line}\n" for line in lines)
    return f"{head}{drop_script(our_objects(objects), gateway)}rm -f {' '.join(PATHS)}\n"


def restore_script(inside: Inside, gateway: str) -> str:
    """Shell commands that bring back what was there, as far as the service is concerned, after it has failed.

    :arg gateway: the one that is not to stay, as ``route`` takes it.
    """
    names = " ".join(one.name for one in inside.objects)
    lines = [
        "PATH=/usr/sbin:/usr/bin",
        "export PATH",
        f"before={shlex.quote(' ' + names + ' ')}",
        f"for made in `ipadm show-addr -p -o addrobj </dev/null | grep '/{OBJECT}[0-9]*$' | sort -r`; do",
        '    case $before in *" $made "*) ;; *) ipadm delete-addr "$made" </dev/null ;; esac',
        "done",
    ]
    if gateway and gateway != gateway_of(inside.files.get(SETTINGS_PATH, "")):
        lines.append(f"route -n delete -inet6 default {gateway} </dev/null")
    if not inside.files:
        gone = remove_script(True, (), "").replace(" || exit 1", "")
        return "\n".join(lines) + f"\n{gone}"
    text = "\n".join(lines) + "\n" + write_script(inside.files)
    return f"{text}svcadm disable -s {FMRI} </dev/null\n{start_script(False, True, '')}" if inside.state else text


def our_objects(objects: t.Iterable[AddressObject]) -> list[str]:
    """The names of the address objects that the service has made, static ones first."""
    names = {one.name for one in objects}
    ours = [name for name in names if name.partition("/")[2].rstrip("0123456789") == OBJECT]
    return sorted(ours, key=lambda name: (name.endswith(OBJECT), name))


def gateway_of(settings: str) -> str:
    """The gateway in a settings file with its interface, as ``route`` takes them; empty if there is none."""
    for line in settings.splitlines():
        words = line.split()
        if words[:1] == ["gateway"] and len(words) > 1:
            return words[1] + (f" -ifp {words[2]}" if len(words) > 2 else "")
    return ""
