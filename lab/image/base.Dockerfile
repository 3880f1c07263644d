# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Lab hosts: Debian with systemd as PID 1, on a plain root file system made by debootstrap.
ARG BASE
FROM ${BASE}
ARG APT_OPTIONS=""
ARG DEBIAN_FRONTEND=noninteractive
ENV container=docker
# No service starts while the image is built, and nothing is written to disk twice for a file system that is thrown away.
# Not every suite has all of these units, and the last word of the loop must not be a failure for one that is not there.
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab \
 && apt-get $APT_OPTIONS update \
 && apt-get $APT_OPTIONS install -y --no-install-recommends \
      systemd systemd-sysv dbus udev kmod procps iproute2 iputils-ping tcpdump ca-certificates sudo \
      python3 python3-apt python3-yaml python3-requests nftables iptables radvd ndisc6 busybox-static \
      ifupdown netplan.io network-manager \
 && for u in radvd NetworkManager NetworkManager-dispatcher NetworkManager-wait-online networking systemd-networkd \
        systemd-networkd.socket systemd-networkd-wait-online systemd-network-generator nftables; do \
      systemctl -q disable "$u" 2>/dev/null || true; done \
 && rm -f /etc/systemd/system/sysinit.target.wants/systemd-network-generator.service \
 && systemctl mask getty@.service console-getty.service sys-kernel-debug.mount sys-kernel-tracing.mount \
      sys-kernel-config.mount sys-fs-fuse-connections.mount apt-daily.timer apt-daily-upgrade.timer \
      systemd-networkd-wait-online.service NetworkManager-wait-online.service \
 # a machine has 128 inotify instances per user, for all its lab hosts together; these are not needed here
 && systemctl mask systemd-logind.service systemd-ask-password-console.path systemd-ask-password-wall.path \
 # an image for the containers inside, so that no registry is needed
 && mkdir -p /opt/lab/r/bin /etc/lab && cp "$(command -v busybox)" /opt/lab/r/bin/busybox \
 && for a in $(busybox --list); do [ "$a" = busybox ] || ln -s busybox /opt/lab/r/bin/$a; done \
 && tar -C /opt/lab/r -czf /opt/lab/busybox.tgz . && rm -r /opt/lab/r
# Network devices get their device units at boot; the machine's other devices are none of a lab host's business.
COPY systemd-udev-trigger.service /etc/systemd/system/systemd-udev-trigger.service
COPY lab-init /sbin/lab-init
STOPSIGNAL SIGRTMIN+3
VOLUME /var/lib/docker /var/lib/containerd
CMD ["/sbin/lab-init"]
