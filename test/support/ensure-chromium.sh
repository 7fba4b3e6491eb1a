#!/bin/sh
# Makes sure that the browser tests have a Chromium: says nothing and is quick when one is there.
set -eu

if [ -n "${CHROMIUM_PATH:-}" ] && [ -x "$CHROMIUM_PATH" ]; then exit 0; fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo 'The browser tests need Chromium; installing it with apt-get.'
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium >/dev/null
  exit 0
fi

echo 'The browser tests need Chromium, which is not here.' >&2
echo 'Install chromium or google-chrome, or set CHROMIUM_PATH to the executable.' >&2
# In CI nothing may be left out; elsewhere the other suites still run, and the browser suite says what it misses.
[ -z "${CI:-}" ]
