#!/bin/sh
# Starts a rootless Docker engine for the sandbox of a limb and waits until it answers; prints the address of its socket.
#
#   infra/sandbox/start-engine.sh [folder]
#
# folder: where the engine keeps its images; default /var/lib/helix-sandbox for root, ~/.local/share/helix-sandbox otherwise.
# Started as root, the engine runs as the user helix-sandbox, who is made when there is none: no part of it is root.
# It ends with: kill "$(cat <folder>/engine.pid)"
# Debian packages: docker.io rootlesskit uidmap slirp4netns iproute2
set -eu

fail() {
  echo "start-engine: $1" >&2
  exit 1
}

for program in dockerd rootlesskit newuidmap slirp4netns; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null ||
    fail "$program is not installed: apt-get install docker.io rootlesskit uidmap slirp4netns iproute2"
done
launcher=/usr/share/docker.io/contrib/dockerd-rootless.sh
[ -x "$launcher" ] || launcher=$(command -v dockerd-rootless.sh || true)
[ -n "$launcher" ] || fail "dockerd-rootless.sh is missing: it comes with Debian's docker.io and with Docker's rootless extras"

if [ "$(id -u)" = 0 ]; then
  user=helix-sandbox
  folder=${1:-/var/lib/helix-sandbox}
  id "$user" >/dev/null 2>&1 || useradd --system --no-create-home --home-dir "$folder" --shell /usr/sbin/nologin "$user"
  # The users inside of containers are numbers of this range, which belong to nobody else.
  grep -q "^$user:" /etc/subuid 2>/dev/null || echo "$user:1879048192:65536" >>/etc/subuid
  grep -q "^$user:" /etc/subgid 2>/dev/null || echo "$user:1879048192:65536" >>/etc/subgid
  mkdir -p "$folder"
  chown "$user:" "$folder"
  chmod 711 "$folder"
  as="setpriv --reuid=$(id -u "$user") --regid=$(id -g "$user") --clear-groups"
else
  user=$(id -un)
  folder=${1:-$HOME/.local/share/helix-sandbox}
  grep -q "^$user:" /etc/subuid || fail "$user has no range of users in /etc/subuid: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $user"
  mkdir -p "$folder"
  as=
fi

socket=$folder/run/docker.sock
answers() {
  perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new(Peer => shift)' "$socket" 2>/dev/null
}
if answers; then
  echo "unix://$socket"
  exit 0
fi
$as mkdir -p "$folder/run" "$folder/data"
$as chmod 700 "$folder/run" "$folder/data"
log=$folder/engine.log
# shellcheck disable=SC2086 -- a command with its arguments
$as env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$folder" XDG_RUNTIME_DIR="$folder/run" \
  DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=true \
  setsid "$launcher" --data-root "$folder/data" --host "unix://$socket" --pidfile "$folder/run/docker.pid" \
  --exec-root "$folder/run/exec" --iptables=false --ip6tables=false --bridge=none </dev/null >"$log" 2>&1 &
echo $! >"$folder/engine.pid"

waited=0
until answers; do
  waited=$((waited + 1))
  [ "$waited" -lt 150 ] || fail "the engine did not answer within 30 s; its log is $log: $(tail -n 3 "$log")"
  sleep 0.2
done
echo "unix://$socket"
