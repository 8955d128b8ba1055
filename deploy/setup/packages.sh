#!/usr/bin/env bash
# Installs the Debian packages that are missing. packages.sh build|test
#   build: what `make demo` needs to compile and run    test: what `make test` needs on top
set -euo pipefail

build=(build-essential pkg-config clang libclang-dev libopencv-dev
       libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libavdevice-dev libavfilter-dev
       python3 python3-venv python3-pip curl ca-certificates)
test=(mosquitto postgresql chromium fonts-noto-cjk poppler-utils ffmpeg python3-gi gir1.2-gst-rtsp-server-1.0
      gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)

case ${1:-} in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}") ;;
  *) echo "usage: packages.sh build|test" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "Debian packages: in place"
  exit 0
fi

if [ "$(id -u)" -eq 0 ]; then as_root=(); else as_root=(sudo); fi
echo "Debian packages: installing ${missing[*]} (up to 1 GB on disk, a minute or two)"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq "${missing[@]}" >/dev/null
# What Debian starts by itself would only be in the way: the tests start brokers and databases of their own.
for service in mosquitto postgresql; do
  if [[ " ${missing[*]} " == *" $service "* ]] && command -v systemctl >/dev/null; then
    "${as_root[@]}" systemctl disable --now "$service" >/dev/null 2>&1 || true
  fi
done
