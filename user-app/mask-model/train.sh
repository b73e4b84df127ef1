#!/usr/bin/env bash
# Trains the mask model from nothing: npm run masks:train -- PICTURES TEACHER.caffemodel WORK [STEPS]
# PICTURES holds masked/*.jpg and bare/*.jpg; WORK takes lessons (2 GB), the checkpoint and model.onnx. Run again with
# more STEPS to go on. START=WEIGHTS.pt begins with these weights of the same layout, and the model is SHARE (0.7) of
# what was trained and the rest of them; THREADS is 1 unless set.
set -euo pipefail
if [ $# -lt 3 ]; then
  echo "Usage: npm run masks:train -- PICTURES TEACHER.caffemodel WORK [STEPS]" >&2
  echo "Needs Debian's python3-torch, python3-onnx and python3-opencv." >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
cd "${INIT_CWD:-$PWD}"
pictures=$1 teacher=$2 work=$3 steps=${4:-6000}
python() { nice -n 19 /usr/bin/python3 "$@"; }
# Without these, torch asks the kernel for fresh pages for every tensor and is ten times slower.
export MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184
mkdir -p "$work"
[ -e "$work/drawn/boxes.csv" ] || node --disable-warning=ExperimentalWarning "$here/draw-lessons.ts" "$work/drawn" 1200
[ -e "$work/lessons/drawn" ] || python "$here/lessons.py" drawn "$work/drawn" "$work/lessons/drawn"
[ -e "$work/lessons/photos" ] || python "$here/lessons.py" photos "$pictures" "$teacher" "$work/lessons/photos" 7200
[ -e "$work/checkpoint.pt" ] || [ -z "${START:-}" ] || python "$here/train.py" start "$START" "$work/checkpoint.pt"
python "$here/train.py" "$steps" "$work/checkpoint.pt" "$work/lessons/photos" "$work/lessons/drawn"
trained=$work/checkpoint.pt
if [ -n "${START:-}" ]; then
  python "$here/train.py" blend "$trained" "$START" "${SHARE:-0.7}" "$work/blended.pt"
  trained=$work/blended.pt
fi
python "$here/train.py" export "$trained" "$work/float.onnx"
python "$here/quantize.py" "$work/float.onnx" "$trained" "$work/lessons/photos" "$work/model.onnx"
echo "$work/model.onnx is there. Judge it: npm run masks:score -- FOLDER $work/model.onnx"
