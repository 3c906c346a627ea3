#!/usr/bin/env bash
# Install what is missing, then check the style and run the tests: bash tools/run_tests.sh [pytest arguments]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
ensure_env
cd "$ROOT"
# A missing host is a failure here, not a skip; two workers share the cores, so one thread each.
export FCA2_REQUIRE_HOSTS=1 OMP_NUM_THREADS=1
"$PY" -m ruff check .
exec "$PY" -m pytest -n 2 "$@"
