# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# shellcheck shell=sh
# The real disk is the machine's; so these directories get a small one of their own, with what is in them, and that is full.
for directory in /etc /var/lib/routable-ipv6; do
    [ -d $directory ] || mkdir -p $directory
    mkdir -p /run/small
    mount -t tmpfs -o size=16m small /run/small
    cp -a $directory/. /run/small/
    mount --move /run/small $directory
    dd if=/dev/zero of=$directory/.filler bs=64k 2>/dev/null || true
done
