#!/bin/sh
# Build js/neuralredis.wasm: `make wasm`.
#
# With rustup, `rustup target add wasm32-unknown-unknown` brings what is needed, and the toolchain of all else builds it. Where that
# cannot be had, as in CI, which reaches no servers but those of packages, Debian's `rustc-web` (what Debian builds browsers with)
# and its source are unpacked below target/, and the standard library is built too. Nothing is installed.
set -eu
cd "$(dirname "$0")/../.."

target=wasm32-unknown-unknown
# Vectors: in Chrome since 91, Firefox 89, Safari 16.4, Node 16.4.
# Where sources lie is no business of a page's.
sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Ctarget-feature=+simd128 --remap-path-prefix=$sources=crates"

# Unpack packages that Debian 12 has, and whatever of the compiler's own they need.
unpack() {
    tools=$PWD/target/wasm-tools
    [ -e "$tools/done" ] && return
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
    of() { apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances rustc-web; }
    names() { of | grep -oE '^(rustc-web|libstd-rust-web-[^ ]+|libllvm[0-9]+)$' | sort -u; }
    if ! names | grep -q libllvm; then
        if [ "$(id -u)" = 0 ]; then apt-get update -q; else sudo apt-get update -q; fi
    fi
    rm -rf "$tools"
    mkdir -p "$tools/packages"
    # shellcheck disable=SC2046 # a list
    (cd "$tools/packages" && apt-get download -qq rust-web-src $(names) 2>/dev/null) || return 1
    for package in "$tools"/packages/*.deb; do dpkg -x "$package" "$tools/root"; done
    rm -r "$tools/packages"
    libraries=$tools/root/usr/lib/x86_64-linux-gnu:$(echo "$tools"/root/usr/lib/llvm-*/lib)
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/root/usr/bin/rustc "$@"\n' "$libraries" "$tools" >"$tools/rustc"
    chmod +x "$tools/rustc"
    "$tools/rustc" --version
    touch "$tools/done"
}

# NEURALREDIS_WASM=debian takes the other way although rustup's target is there.
if [ "${NEURALREDIS_WASM:-}" != debian ] && ls "$(rustc --print target-libdir --target $target)"/libstd-*.rlib >/dev/null 2>&1; then
    cargo build --locked --profile wasm --target $target --target-dir target/wasm --package neuralredis-wasm
elif unpack; then
    linker=$(ls "$(rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld)
    # Building the standard library is not stable, but this compiler's source is its own. Messages of panics leave out where
    # they are from, and the library is optimized for size: together 20 kB less, compressed.
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS -Zlocation-detail=none"
    RUSTC=$tools/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker \
        cargo build --locked --profile wasm --target $target --target-dir target/wasm --package neuralredis-wasm \
        -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
else
    echo "The standard library for WebAssembly is not installed: rustup target add $target" >&2
    exit 1
fi
cp target/wasm/$target/wasm/neuralredis_wasm.wasm js/neuralredis.wasm.new
mv js/neuralredis.wasm.new js/neuralredis.wasm
echo "js/neuralredis.wasm: $(wc -c <js/neuralredis.wasm) bytes, $(gzip -9 <js/neuralredis.wasm | wc -c) compressed."
