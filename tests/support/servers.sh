# A PostgreSQL and a Redis of one's own, on loopback, with data that are thrown away. To be sourced.
#
#   start_postgres DIR   runs one in DIR; exports LINGKARAN_TEST_POSTGRES (a libpq URL, superuser)
#   start_redis DIR      runs one in DIR; exports LINGKARAN_TEST_REDIS (HOST:PORT)
#   stop_servers         stops what was started; for a trap on EXIT
#
# Both survive Ctrl-C until stop_servers is called.
# shellcheck shell=bash

servers_postgres_dir=
servers_redis_pid=

# A free port of the loopback address, as the system gives it. Perl is part of every Debian.
free_port() {
  perl -MIO::Socket::INET -e \
    'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# PostgreSQL refuses to run as root; its package brings a user for it.
as_postgres() {
  if ((EUID == 0)); then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

postgres_bin() {
  local found=(/usr/lib/postgresql/*/bin)
  printf '%s\n' "${found[@]}" | sort -V | tail -n 1
}

start_postgres() {
  local dir=$1/postgres bin port try
  bin=$(postgres_bin)
  mkdir -p "$dir"
  if ((EUID == 0)); then
    chmod a+x "$1"
    chown postgres "$dir"
  fi
  as_postgres "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 \
    --no-locale >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
  for try in 1 2 3; do # someone else may take the port before PostgreSQL does
    port=$(free_port)
    if as_postgres "$bin/pg_ctl" start --pgdata="$dir/data" --wait --log="$dir/log" --options="\
        -p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
        -c shared_buffers=256MB" >>"$dir.log" 2>&1; then
      servers_postgres_dir=$dir
      export LINGKARAN_TEST_POSTGRES="postgresql://postgres@127.0.0.1:$port/postgres"
      return 0
    fi
  done
  cat "$dir.log" "$dir/log" >&2
  echo "PostgreSQL does not start, see above (try $try)." >&2
  return 1
}

start_redis() {
  local dir=$1/redis port try
  mkdir -p "$dir"
  for try in 1 2 3; do
    port=$(free_port)
    setsid redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$dir" \
      --logfile "$dir/log" >/dev/null 2>&1 </dev/null &
    servers_redis_pid=$!
    if wait_for_redis "$port" "$servers_redis_pid"; then
      export LINGKARAN_TEST_REDIS="127.0.0.1:$port"
      return 0
    fi
  done
  servers_redis_pid=
  cat "$dir/log" >&2
  echo "Redis does not start, see above (try $try)." >&2
  return 1
}

# True once something answers at the port and the process still runs.
wait_for_redis() {
  local i
  for ((i = 0; i < 1000; ++i)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
      ! gone "$2"
      return
    fi
    if gone "$2"; then return 1; fi
    sleep 0.01
  done
  return 1
}

# True if the process has ended, whether or not somebody has taken note of it.
gone() {
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  line=${line##*) }
  [[ ${line:0:1} == Z ]]
}

stop_servers() {
  if [[ -n $servers_postgres_dir ]]; then
    as_postgres "$(postgres_bin)/pg_ctl" stop --pgdata="$servers_postgres_dir/data" \
      --mode=immediate --wait >/dev/null 2>&1 || true
    servers_postgres_dir=
  fi
  if [[ -n $servers_redis_pid ]]; then
    { kill -KILL "$servers_redis_pid" && wait "$servers_redis_pid"; } 2>/dev/null || true
    while ! gone "$servers_redis_pid"; do sleep 0.01; done
    servers_redis_pid=
  fi
}
