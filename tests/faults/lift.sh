# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# shellcheck shell=sh
# Ends what the hooks began, without the guard writing at the same moment.
cat >/run/lift.sh <<'END'
if grep -q '^small /etc ' /proc/mounts; then
    for directory in /etc /var/lib/routable-ipv6; do
        rm -f $directory/.filler
        mkdir -p /run/small
        mount --move $directory /run/small
        find $directory -mindepth 1 -delete 2>/dev/null
        cp -a /run/small/. $directory/
        umount -l /run/small
    done
elif grep -q ' /etc .*\bro\b' /proc/mounts; then
    umount -l /etc
fi
END
flock /run/routable-ipv6-guard.lock sh /run/lift.sh
rm -f /run/lift.sh
if [ -e /run/systemd/system/routable-ipv6-ndp-.service.d/fails.conf ]; then
    rm -rf /run/systemd/system/routable-ipv6-ndp-.service.d
    systemctl daemon-reload
fi
if [ -e /run/systemd/system/docker.service.d/fails.conf ] || [ -e /run/systemd/system/systemd-networkd.service.d/fails.conf ]; then
    rm -rf /run/systemd/system/docker.service.d /run/systemd/system/systemd-networkd.service.d
    systemctl daemon-reload
    systemctl reset-failed docker systemd-networkd 2>/dev/null
    # Whoever mends a daemon starts it, unless it was not to run.
    systemctl start docker
    [ -e /etc/systemd/system/multi-user.target.wants/systemd-networkd.service ] && systemctl start systemd-networkd
fi
exit 0
