#!/bin/sh
# Installs pgvector for the newest PostgreSQL of this Debian, as root: the package where there is one, else built from the
# source package of Debian 13, because Debian 12 has none.
set -eu
version=$(ls /usr/lib/postgresql | sort -n | tail -n 1)
export DEBIAN_FRONTEND=noninteractive
if apt-get install -y -qq --no-install-recommends "postgresql-$version-pgvector"; then exit 0; fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
apt-get install -y -qq --no-install-recommends "postgresql-server-dev-$version" make gcc libc6-dev
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
echo 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main' \
  > "$folder/sources.list"
aside="-o Dir::Etc::SourceList=$folder/sources.list -o Dir::Etc::SourceParts=/dev/null
  -o Dir::State::Lists=$folder/lists -o Dir::Cache=$folder/cache -o APT::Sandbox::User=root"
cd "$folder"
# shellcheck disable=SC2086
apt-get $aside update -qq
# shellcheck disable=SC2086
apt-get $aside source --download-only -qq pgvector
tar -xf pgvector_*.orig.tar.*
cd pgvector-*/
config=/usr/lib/postgresql/$version/bin/pg_config
make -s OPTFLAGS= with_llvm=no PG_CONFIG="$config"
make -s install with_llvm=no PG_CONFIG="$config"
