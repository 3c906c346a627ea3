#!/usr/bin/env bash
# Try to export each network of both hosts and of this package to ONNX, in a small form, and print a
# table with the reasons where that fails: bash tools/export_table.sh
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_launch.sh"
[ $# -eq 0 ] || usage "export_table.sh"
use_env
exec "$PY" "$ROOT/tools/export_table.py"
