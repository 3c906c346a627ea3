#!/usr/bin/env bash
# Build the documentation site without network access: bash tools/build_docs.sh OUT
#
# Writes OUT/index.html and the other pages. A warning is an error. The environment needs fca2_plugin,
# torch and the extras `docs`, `video` and `opencv`: pip install '.[docs,video,opencv]'
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/_env.sh"
[ $# -eq 1 ] || usage "build_docs.sh OUT"
ensure_env torch cv2 av sphinx myst_parser furo
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$ROOT"
"$PY" -m sphinx -W --keep-going -q -E -d "$out/.doctrees" -b html -c docs . "$out"
rm -rf "$out/.doctrees"
echo "==> open $out/index.html"
