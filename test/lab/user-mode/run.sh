#!/bin/sh
# Runs lab tests on another kernel than the machine's, one that has bonds, VLANs and VRFs: Debian's user-mode-linux, an ordinary process.
# Root is needed, `apt-get install user-mode-linux busybox-static`, and 4 GiB of /dev/shm. It is slow: the tests are told so.
# usage: test/lab/user-mode/run.sh test/lab/kernel/kinds.test.ts
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
here=$root/test/lab/user-mode
exec linux.uml mem=4G root=/dev/root rootfstype=hostfs rootflags=/ rw quiet init="$here/init.sh" con=null con0=fd:0,fd:1 \
  "HOLDFAST_ROOT=$root" "HOLDFAST_TESTS=$*" </dev/null
