# Starts a MariaDB of our own for the tests, with its data below the folder given. To be sourced by bash:
# it sets mariadb_pid, and exports FIELDNOTE_TEST_MARIADB_URL. Loopback only.
# Its data need not survive a loss of power, so it waits for no disk.
mariadb_data="$1/mariadb"
mariadb_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mariadb_as=$(id -un)
if [ "$mariadb_as" = root ]; then  # the server refuses to run as root
  mariadb_as=mysql
  chmod 711 "$1"
fi
mkdir -p "$mariadb_data"
[ "$mariadb_as" = "$(id -un)" ] || chown "$mariadb_as" "$mariadb_data"
mariadb-install-db --no-defaults --user="$mariadb_as" --datadir="$mariadb_data" \
  --auth-root-authentication-method=normal --skip-test-db >"$1/mariadb-install.log" 2>&1
mariadbd --no-defaults --user="$mariadb_as" --datadir="$mariadb_data" --socket="$mariadb_data/mariadb.sock" \
  --pid-file="$mariadb_data/mariadb.pid" --bind-address=127.0.0.1 --port="$mariadb_port" \
  --character-set-server=utf8mb4 --innodb-flush-method=nosync --innodb-flush-log-at-trx-commit=0 --skip-sync-frm >"$1/mariadb.log" 2>&1 &
mariadb_pid=$!
for _ in $(seq 100); do
  mariadb-admin --no-defaults --socket="$mariadb_data/mariadb.sock" --user=root ping >/dev/null 2>&1 && break
  kill -0 "$mariadb_pid" 2>/dev/null || { cat "$1/mariadb.log" >&2; return 1; }
  sleep 0.2
done
mariadb --no-defaults --socket="$mariadb_data/mariadb.sock" --user=root -e \
  "create database fieldnote; create user fieldnote@'127.0.0.1' identified by 'fieldnote';
   create user fieldnote@localhost identified by 'fieldnote';
   grant all on *.* to fieldnote@'127.0.0.1'; grant all on *.* to fieldnote@localhost;"
export FIELDNOTE_TEST_MARIADB_URL="mariadb://fieldnote:fieldnote@127.0.0.1:$mariadb_port/fieldnote"
