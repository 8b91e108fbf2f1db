# Sourced by samples/run and Tests/run: finds the Swift toolchain and installs Debian packages that are missing.

if ! command -v swift >/dev/null 2>&1; then
  if [ -x /opt/swift/usr/bin/swift ]; then
    PATH="/opt/swift/usr/bin:$PATH"
  else
    echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux/" >&2
    exit 1
  fi
fi

# Installs those of the named packages that dpkg does not have; does nothing, not even ask apt, when it has all.
install_packages() {
  local package missing=() sudo=()
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "This is no Debian; see to it yourself that these are installed: $*" >&2
    return 0
  fi
  for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  echo "Installing ${missing[*]}"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
