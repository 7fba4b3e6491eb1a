#!/bin/sh
# Makes sure that the tests of the recipes have their proxies: says nothing and is quick when all are there.
set -eu

missing=''
for pair in nginx:nginx-light caddy:caddy haproxy:haproxy apache2:apache2-bin; do
  PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "The tests of the recipes need$missing; installing with apt-get."
  export DEBIAN_FRONTEND=noninteractive
  # Packages must not start daemons of their own here: the tests start theirs, on free ports.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null
  # shellcheck disable=SC2086
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >/dev/null
  exit 0
fi

echo "The tests of the recipes need$missing, which are not here." >&2
# In CI nothing may be left out; elsewhere the other suites still run, and these say what they miss.
[ -z "${CI:-}" ]
