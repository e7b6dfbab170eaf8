#!/usr/bin/env bash
# make.sh SOURCE.otf: makes the subset anew (needs fontTools). See README.md.
set -euo pipefail
cd "$(dirname "$0")"
echo "68a3fc98800b2a27b371f2fb79991daf3633bd89309d4ffaa6946fd587f375b5  $1" | sha256sum --check --quiet
pyftsubset "$1" --unicodes-file=codepoints.txt --layout-features='' --no-hinting --desubroutinize \
  --name-IDs='0,1,2,3,4,5,6,13,14' --notdef-outline --no-recalc-timestamp \
  --drop-tables+=vhea,vmtx,VORG,BASE,GPOS,GSUB,GDEF,DSIG --output-file=NotoSansCJKjp-Regular-subset.otf
