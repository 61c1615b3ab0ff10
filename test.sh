#!/usr/bin/env bash
# Builds everything once and runs every test: the one test command, for people and for CI.
#
# Needs the .NET SDK. Third-party MQTT clients that are missing are installed when that is possible (as root, with apt; MQTT.js and a QUIC
# stack for it with npm into tests/Sockets/Clients/node_modules); tests whose client is missing all the same are skipped and say so.
# Logs and reports: artifacts/tests. Environment: TEST_LIMIT, seconds that one test executable may run (default 600);
# SKIP_INSTALL=1, install nothing; CI=true, a skipped test whose client is here, or was just installed, or whose disk can be mounted
# here, is a failure. CONTRIBUTING.md has the variables of the tests themselves.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

readonly results="$PWD/artifacts/tests" limit="${TEST_LIMIT:-600}"
readonly digest="$results/failures.txt" counts="$results/counts.txt" forbidden="$results/forbidden-skips.txt"
readonly clients="$PWD/tests/Sockets/Clients"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DEBIAN_FRONTEND=noninteractive
exec </dev/null
passed=0 failed=0 skipped=0
installed=" " # packages that apt has just installed without an error

finish() {
  if [ -s "$digest" ]; then printf '\nWhat failed (all of it in artifacts/tests):\n' && head -n 24 "$digest"; fi
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $((failed > 0))
}

# Runs a command for at most so many seconds, wherever there is a `timeout`.
limited() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout --kill-after=10 "$seconds" "$@"; else "$@"; fi
}

try_apt() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "cannot install $* (that needs root and apt): the tests that use them are skipped"
    return
  fi
  echo "installing $*"
  if {
    limited 120 apt-get update -q
    limited 300 apt-get install -q -y --no-install-recommends "$@"
  } >>"$results/install.log" 2>&1; then installed+="$* "
  else echo "installing $* failed, see artifacts/tests/install.log: the tests that use them are skipped"; fi
}

# Whether the tests must find a package: this command finds it, or apt has just installed it.
is_here() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || [[ "$installed" == *" $package "* ]]
}

# Whether a package of npm is here, in the version that package.json pins.
has_npm() {
  local pinned
  pinned=$(sed -n "s|.*\"$1\": *\"\([^\"]*\)\".*|\1|p" "$clients/package.json")
  command -v node >/dev/null && grep -qs "\"version\": \"$pinned\"" "$clients/node_modules/$1/package.json"
}

can_mount() {
  local directory
  directory=$(mktemp -d) || return 1
  mount -t tmpfs -o size=1m grainmq-test "$directory" && umount "$directory"
  local status=$?
  rmdir "$directory"
  return $status
}

# Reasons for a skip that are wrong on this machine, one pattern a line. The others stay allowed: no libmsquic or python3-aioquic, no
# @matrixai/quic for this processor, rights that do not bind root, another system.
wrong_reasons() {
  if is_here mosquitto-clients command -v mosquitto_rr; then echo 'mosquitto-clients is not installed'; fi
  if is_here python3-paho-mqtt /usr/bin/python3 -c 'import paho.mqtt.client'; then echo 'python3-paho-mqtt is not installed'; fi
  if is_here nodejs command -v node; then echo 'Node.js is not installed'; fi
  if has_npm mqtt; then echo 'MQTT.js is not installed'; fi
  if has_npm @matrixai/quic; then echo '@matrixai/quic is not installed'; fi
  if can_mount >/dev/null 2>&1; then printf '%s\n' 'mounting one is not allowed here' 'mounting a tmpfs needs root'; fi
}

install_clients() {
  local missing=()
  command -v mosquitto_pub >/dev/null && command -v mosquitto_rr >/dev/null || missing+=(mosquitto-clients)
  # Debian's python3 has the package; another python3 earlier on PATH may not.
  /usr/bin/python3 -c 'import paho.mqtt.client' 2>/dev/null || missing+=(python3-paho-mqtt)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  if [ ${#missing[@]} -gt 0 ]; then try_apt "${missing[@]}"; fi
  # By itself: a Debian that is too old has no such package, and that must not take the others away.
  /usr/bin/python3 -c 'import aioquic.asyncio' 2>/dev/null || try_apt python3-aioquic

  has_npm mqtt && has_npm @matrixai/quic && return
  if ! command -v npm >/dev/null; then
    echo "cannot install MQTT.js and @matrixai/quic (there is no npm): their tests are skipped"
    return
  fi
  echo "installing MQTT.js and @matrixai/quic"
  limited 300 npm install --prefix "$clients" --no-package-lock --no-audit --no-fund --ignore-scripts >>"$results/install.log" 2>&1 ||
    echo "installing MQTT.js and @matrixai/quic failed, see artifacts/tests/install.log: their tests are skipped"
}

build() {
  echo "building Orleans.sln (warnings are errors)"
  if ! dotnet build Orleans.sln -c Release -nologo -v q -clp:NoSummary -nodeReuse:false -p:TreatWarningsAsErrors=true >"$results/build.log" 2>&1; then
    grep -E 'error|MSB' "$results/build.log" | sort -u || tail -n 40 "$results/build.log"
    echo "FAILED: the build (artifacts/tests/build.log)"
    failed=1
    finish
  fi
}

# A number of the report's <assembly> element.
reported() { sed -n "s/.*<assembly [^>]* $1=\"\([0-9.]*\)\".*/\1/p" "$2" | head -n 1; }

skip_reasons() {
  grep -o '<reason><!\[CDATA\[[^]]*\|<reason>[^<]*' "$1" | sed 's/<reason>\(<!\[CDATA\[\)\?//' | sort | uniq -c | sed 's/^ */  skipped /; s/\([0-9]\) /\1: /'
}

# Of each failed test its name, the first lines of its message, and the lines of our own code that it passed.
failures() {
  awk '/^failed / { message = 6; frames = 6; print; next }
    /^Test run|^  In process/ { message = frames = 0 }
    /^    (at|---) / { message = 0; if (/ in .*:[0-9]+$/ && frames-- > 0) print; next }
    message-- > 0' "$1"
}

# Runs one test executable and prints what came of it; adds a line of counts for finish().
run_tests() {
  local name=$1 program log report status p f s wrong=""
  program="tests/$name/bin/Release/net10.0/GrainMQ.Tests.$name.dll"
  log="$results/$name.log" report="$results/$name.xml"
  rm -f "$report"
  limited "$limit" dotnet exec "$program" --no-progress --no-ansi \
    --results-directory "$results" --report-xunit --report-xunit-filename "$name.xml" >"$log" 2>&1
  status=$?

  if [ ! -s "$report" ]; then
    echo "0 1 0" >>"$counts"
    tail -n 60 "$log"
    if [ $status = 124 ] || [ $status = 137 ]; then echo "FAILED: $name hung and was ended after $limit s"
    else echo "FAILED: $name ended with exit code $status and no report"; fi
    return
  fi

  p=$(reported passed "$report") f=$(($(reported failed "$report") + $(reported errors "$report"))) s=$(reported skipped "$report")
  if [ $status != 0 ] && [ $f = 0 ]; then f=1; fi # 8: it has no tests, which cannot be meant
  if [ $f != 0 ]; then
    cat "$log"
    failures "$log" >>"$digest"
    echo "FAILED: $name, exit code $status"
  fi
  echo "$name: $p passed, $f failed, $s skipped, $(reported 'time' "$report") s"
  if [ "$s" != 0 ]; then
    skip_reasons "$report"
    if [ -s "$forbidden" ]; then wrong=$(skip_reasons "$report" | grep -F -f "$forbidden"); fi
    if [ -n "$wrong" ]; then
      f=$((f + 1))
      printf 'FAILED: %s skipped tests that this machine can run:\n%s\n' "$name" "$wrong" | tee -a "$digest"
    fi
  fi
  echo "$p $f $s" >>"$counts"
}

# Runs test executables one after the other; each one's output comes at once, also when two lanes run side by side.
lane() {
  local name output
  for name in "$@"; do
    output=$(run_tests "$name")
    printf '%s\n' "$output"
  done
}

# All test projects, in two lanes side by side: tests/InMemory, which takes as long as the others together and is mostly one thread,
# beside those that know no time but the test's. tests/Sockets comes last and alone: its processes and clients live in real time.
run_all() {
  local project name beside=() p f s
  for project in tests/*/*.csproj; do
    name=$(basename "$(dirname "$project")")
    if [ "$name" != InMemory ] && [ "$name" != Sockets ] && grep -q 'Include="xunit.v3"' "$project"; then beside+=("$name"); fi
  done
  lane InMemory &
  lane "${beside[@]}" &
  wait
  lane Sockets
  while read -r p f s; do passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)); done <"$counts"
}

mkdir -p "$results"
: >"$results/install.log"
: >"$digest"
: >"$counts"
: >"$forbidden"
if ! command -v dotnet >/dev/null; then
  echo "FAILED: there is no dotnet; install the .NET SDK that global.json names"
  failed=1
  finish
fi
if [ "${SKIP_INSTALL:-}" != 1 ]; then install_clients; fi
build
if [ "${CI:-}" = true ]; then wrong_reasons >"$forbidden"; fi
run_all
finish
