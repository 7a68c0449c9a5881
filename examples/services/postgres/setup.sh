#!/bin/sh
# Makes a PostgreSQL cluster with pgbench's tables in a folder that does not exist yet. As root it belongs to the user
# postgres, because PostgreSQL runs as anybody but root.
#
#   setup.sh BINARIES FOLDER SCALE

set -eu
binaries=$1 folder=$2 scale=$3
as=
mkdir -m 700 "$folder"
if [ "$(id -u)" -eq 0 ]; then
  chown postgres: "$folder"
  as='runuser -u postgres --'
fi
cd "$folder"
$as "$binaries/initdb" -D data -A trust -U bench --no-sync >/dev/null
# Over a socket in its own folder: no port is taken before the runs.
$as "$binaries/pg_ctl" -D data -l log -w -o "-h '' -k '$folder'" start >/dev/null
$as "$binaries/pgbench" -h "$folder" -U bench -i -q -s "$scale" postgres 2>/dev/null
$as "$binaries/pg_ctl" -D data -m fast -w stop >/dev/null
