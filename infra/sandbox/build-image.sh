#!/bin/sh
# Builds the image that runs Python in containers, from this machine's own Debian packages: nothing else is fetched, no
# registry of images is asked, and no rights are needed beyond the engine's socket.
#
#   infra/sandbox/build-image.sh [unix:///path/of/the/engine.sock]
#
# The address is what start-engine.sh prints; default: DOCKER_HOST. Prints the image's name.
# Debian packages: docker.io apt dpkg tar
set -eu

image=helix-sandbox:1
DOCKER_HOST=${1:-${DOCKER_HOST:?pass the address that start-engine.sh printed, or set DOCKER_HOST}}
export DOCKER_HOST

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/packages" "$work/root"

echo "build-image: downloading Python and what it needs" >&2
cd "$work/packages"
# What packages need for being installed is left out: they are only unpacked.
apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  python3 dash coreutils |
  grep '^[a-z0-9]' | grep -v : |
  grep -vxE 'debconf.*|cdebconf|dpkg|.*perl.*|tar|install-info|readline-common|debianutils|mailcap|media-types|mime-support' |
  sort -u | xargs apt-get download --quiet >"$work/download.log" 2>&1 ||
  { cat "$work/download.log" >&2; exit 1; }

echo "build-image: unpacking $(ls | wc -l) packages" >&2
root=$work/root
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/proc" "$root/dev" "$root/etc"
mkdir -m 1777 "$root/tmp" "$root/code"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
for package in *.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"; done
# Only what a run needs: Python, a shell that sets limits, and the clock that ends it.
find "$root/usr/bin" "$root/usr/sbin" \( -type f -o -type l \) ! -name 'python3*' ! -name dash ! -name sh ! -name head \
  ! -name timeout -delete
rm -rf "$root/usr/share" "$root/var" "$root/usr/sbin" "$root/sbin" "$root/usr/lib/python3/dist-packages" "$root"/usr/lib/python3*/ensurepip "$root/etc"/*
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"

echo "build-image: making the image" >&2
tar -C "$root" --owner=0 --group=0 --numeric-owner -c . | docker import --change 'ENV PATH=/usr/bin' - "$image-source" >/dev/null
# Compiled once here: a run has nowhere to write compiled modules to, and would compile them each time.
container=$(docker create --network none "$image-source" /usr/bin/python3 -m compileall -q /usr/lib)
docker start "$container" >/dev/null
docker wait "$container" >/dev/null
docker export "$container" | docker import --change 'ENV PATH=/usr/bin' - "$image" >/dev/null
docker rm --force "$container" >/dev/null
docker image rm --force "$image-source" >/dev/null
echo "$image"
