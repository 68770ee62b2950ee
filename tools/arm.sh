#!/usr/bin/env bash
# Run the fast engine's tests on an emulated 64-bit ARM processor:
#
#     tools/arm.sh                          tests/test_ink.py, test_kernel.py and test_compiler.py
#     tools/arm.sh tests/test_ink.py -k accuracy         any other arguments for pytest
#
# Debian's ARM Python, which apt-get downloads, runs in QEMU's user-mode emulation with the ARM wheels of the
# dependencies. Nothing is installed: all of it is unpacked below $HANDGRAD_ARM, by default a folder in /tmp.
# Needs an x86-64 Debian 12 or later and, below .venv-check, the environment that ./check makes (for its pip).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${HANDGRAD_ARM:-${TMPDIR:-/tmp}/handgrad-arm}
root=$folder/root

if [[ ! -e $folder/complete ]]; then
  mkdir -p "$folder"/{apt/lists/partial,debs/archives/partial,emulator,root,wheels,wheelhouse}
  touch "$folder/apt/status" # an empty list of installed packages, so that each one is downloaded
  cat >"$folder/apt.conf" <<END
Dir::State "$folder/apt";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/debs";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
END
  export APT_CONFIG=$folder/apt.conf
  apt-get update -qq
  version=$(apt-cache depends python3 | sed -n 's/.*Depends: python\(3\.[0-9]*\)$/\1/p' | head -1)
  apt-get install -qq -y --no-install-recommends --download-only "python$version" libstdc++6
  unset APT_CONFIG
  for package in "$folder"/debs/archives/*.deb; do dpkg -x "$package" "$root"; done
  (cd "$folder/emulator" && apt-get download -qq qemu-user-static && dpkg -x ./*.deb .)

  # for the platform of each wheel that pip may take: the C library of the unpacked Debian decides
  platforms=()
  for minor in $(seq 17 36); do platforms+=(--platform "manylinux_2_${minor}_aarch64"); done
  .venv-check/bin/python -m pip install --quiet --upgrade --target "$folder/wheels" --only-binary=:all: \
    --python-version "$version" --implementation cp "${platforms[@]}" --platform manylinux2014_aarch64 \
    $(.venv-check/bin/python - <<END
import tomllib

project = tomllib.load(open("pyproject.toml", "rb"))
test = [name for name in project["dependency-groups"]["test"] if name.split(">")[0] in (
    "array-api-strict", "hypothesis", "lief", "pytest", "pytest-socket", "pytest-timeout")]
print(*project["project"]["dependencies"], *test)
END
)
  echo "$version" >"$folder/complete"
fi

# a program that stands for the ARM Python, so that tests can start it as sys.executable
cat >"$folder/python" <<END
#!/bin/sh
exec "$folder/emulator/usr/bin/qemu-aarch64-static" -L "$root" "$root/usr/bin/python$(cat "$folder/complete")" "\$@"
END
chmod +x "$folder/python"

export PYTHONPATH=$PWD/src:$folder/wheels XDG_CACHE_HOME=$folder/cache PYTHONDONTWRITEBYTECODE=1
if [[ $# == 0 ]]; then set -- tests/test_ink.py tests/test_kernel.py tests/test_compiler.py; fi
exec "$folder/python" -c '
import platform, sys
sys.executable = sys.argv.pop(1)
import llvmlite.binding as llvm
print(platform.machine(), "Python", platform.python_version(), llvm.get_process_triple(), llvm.get_host_cpu_name())
import pytest
sys.exit(pytest.main(sys.argv[1:]))' "$folder/python" -q -p no:cacheprovider --timeout=1800 "$@"
