#!/bin/sh
# The first process of the user-mode kernel that run.sh starts; its root is the machine's.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/run HOLDFAST_SLOW=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
modules=/usr/lib/uml/modules/$(uname -r)
for name in veth macvlan 8021q bonding vrf bridge nf_tables tun; do
  # What it needs comes first; what is there already is refused.
  line=$(grep "/$name.ko:" "$modules/modules.dep")
  needed=
  for each in ${line#*:}; do needed="$each $needed"; done
  for each in $needed "${line%%:*}"; do busybox insmod "$modules/$each" 2>/dev/null; done
done
ip link set lo up
cd "$HOLDFAST_ROOT" || busybox poweroff -f
# shellcheck disable=SC2086 # several files
node node_modules/vitest/vitest.mjs run --root . --config test/vitest.config.ts --retry 0 --testTimeout 120000 --hookTimeout 200000 $HOLDFAST_TESTS 2>&1 | cat
busybox poweroff -f
