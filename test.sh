#!/usr/bin/env bash
# Builds everything once and runs every test: the one test command, for people and for CI.
#
# Needs the .NET SDK. Third-party MQTT clients that are missing are installed when that is possible (as root, with apt; MQTT.js with
# npm into tests/Sockets/Clients/node_modules); tests whose client cannot be had are skipped and say so.
# Logs and reports: artifacts/tests. Environment: TEST_LIMIT, seconds that one test executable may run (default 600);
# SKIP_INSTALL=1, install nothing.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

readonly results="$PWD/artifacts/tests" limit="${TEST_LIMIT:-600}"
readonly digest="$results/failures.txt"
readonly clients="$PWD/tests/Sockets/Clients"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DEBIAN_FRONTEND=noninteractive
exec </dev/null
passed=0 failed=0 skipped=0

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
  {
    limited 120 apt-get update -q
    limited 300 apt-get install -q -y --no-install-recommends "$@"
  } >>"$results/install.log" 2>&1 || echo "installing $* failed, see artifacts/tests/install.log: the tests that use them are skipped"
}

install_clients() {
  local missing=() pinned
  command -v mosquitto_pub >/dev/null && command -v mosquitto_rr >/dev/null || missing+=(mosquitto-clients)
  # Debian's python3 has the package; another python3 earlier on PATH may not.
  /usr/bin/python3 -c 'import paho.mqtt.client' 2>/dev/null || missing+=(python3-paho-mqtt)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  if [ ${#missing[@]} -gt 0 ]; then try_apt "${missing[@]}"; fi
  # By itself: a Debian that is too old has no such package, and that must not take the others away.
  /usr/bin/python3 -c 'import aioquic.asyncio' 2>/dev/null || try_apt python3-aioquic

  pinned=$(sed -n 's/.*"mqtt": *"\([^"]*\)".*/\1/p' "$clients/package.json")
  grep -qs "\"version\": \"$pinned\"" "$clients/node_modules/mqtt/package.json" && return
  if ! command -v npm >/dev/null; then
    echo "cannot install MQTT.js (there is no npm): its tests are skipped"
    return
  fi
  echo "installing MQTT.js $pinned"
  limited 300 npm install --prefix "$clients" --no-package-lock --no-audit --no-fund --ignore-scripts >>"$results/install.log" 2>&1 ||
    echo "installing MQTT.js failed, see artifacts/tests/install.log: its tests are skipped"
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

run_tests() {
  local project=$1 name program log report status p f s
  name=$(basename "$(dirname "$project")")
  program="$(dirname "$project")/bin/Release/net10.0/$(basename "$project" .csproj).dll"
  log="$results/$name.log" report="$results/$name.xml"
  rm -f "$report"
  limited "$limit" dotnet exec "$program" --no-progress --no-ansi \
    --results-directory "$results" --report-xunit --report-xunit-filename "$name.xml" >"$log" 2>&1
  status=$?

  if [ ! -s "$report" ]; then
    failed=$((failed + 1))
    tail -n 60 "$log"
    if [ $status = 124 ] || [ $status = 137 ]; then echo "FAILED: $name hung and was ended after $limit s"
    else echo "FAILED: $name ended with exit code $status and no report"; fi
    return
  fi

  p=$(reported passed "$report") f=$(($(reported failed "$report") + $(reported errors "$report"))) s=$(reported skipped "$report")
  if [ $status != 0 ] && [ $f = 0 ]; then f=1; fi # 8: it has no tests, which is a mistake
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if [ $f != 0 ]; then
    cat "$log"
    failures "$log" >>"$digest"
    echo "FAILED: $name, exit code $status"
  fi
  echo "$name: $p passed, $f failed, $s skipped, $(reported 'time' "$report") s"
  if [ "$s" != 0 ]; then skip_reasons "$report"; fi
}

mkdir -p "$results"
: >"$results/install.log"
: >"$digest"
if ! command -v dotnet >/dev/null; then
  echo "FAILED: there is no dotnet; install the .NET SDK that global.json names"
  failed=1
  finish
fi
if [ "${SKIP_INSTALL:-}" != 1 ]; then install_clients; fi
build
for project in tests/*/*.csproj; do
  if grep -q 'Include="xunit.v3"' "$project"; then run_tests "$project"; fi
done
finish
