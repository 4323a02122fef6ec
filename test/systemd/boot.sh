#!/bin/sh
# Boots systemd as process 1 of namespaces of its own: boot.sh DIRECTORY PACKAGE NODE, behind `unshare` with a mount, pid, net, uts, ipc and
# cgroup namespace. Its root is this machine's, read-only, below a tmpfs: what it writes is gone with it. Rejected: systemd-nspawn, which is
# one more package, and debootstrap, which needs a mirror.
set -e
directory=$1 package=$2 node=$3
root=$directory/root

mount --make-rprivate /
mount -t tmpfs tmpfs "$directory"
mkdir "$directory/upper" "$directory/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" "$root"

# What must not be this machine's.
for each in etc/systemd/system run tmp var/log dev opt; do mount -t tmpfs tmpfs "$root/$each"; done
: > "$root/etc/fstab"
: > "$root/etc/machine-id"
for each in null zero full random urandom tty; do
  : > "$root/dev/$each"
  mount --bind "/dev/$each" "$root/dev/$each"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm" "$root/dev/mqueue" "$root/dev/pts" # PrivateDevices takes them along
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"

# The program as its package would install it.
mkdir "$root/opt/holdfast"
mount --bind "$package" "$root/opt/holdfast"
mount -o remount,bind,ro "$root/opt/holdfast"
: > "$root/opt/node"
mount --bind "$node" "$root/opt/node"
printf '#!/bin/sh\nexec /opt/node /opt/holdfast/dist/agent/cli/main.js "$@"\n' > "$root/usr/bin/holdfast"
chmod 755 "$root/usr/bin/holdfast"
cp "$package"/systemd/*.service "$root/etc/systemd/system/"
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' > "$root/etc/systemd/system/booted.target"

# A change of the root alone (chroot) would not do: the unit's own mount namespace begins at the real one.
mkdir "$root/opt/outside"
cd "$root"
pivot_root . opt/outside
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c 'umount --lazy /opt/outside && exec /lib/systemd/systemd --unit=booted.target --show-status=no'
