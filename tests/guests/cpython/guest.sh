# CPython, built from Debian's source: a big interpreter of another language, with its standard library in files.
source "$HERE/../common.sh"
need clang-22 wasm-ld-22 llvm-ar-22 dpkg-source make
install_packages wasi-libc libclang-rt-22-dev-wasm32
version=3.11
build_python=/usr/bin/python$version
[[ -x $build_python ]] || skip "the build wants Python $version on this machine too"

# A version whose files the mirror still has: the newest may have moved on.
fetch() {
  python3 - "$HERE/../../../bench" "$1" <<'PYTHON'
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from debian_sources import SourceError, source_tree
try:
    print(source_tree(pathlib.Path.cwd() / "debian", sys.argv[2]))
except SourceError:
    sys.exit(1)
PYTHON
}
if [[ ! -d source ]]; then
  tree=$(fetch python$version | tail -n 1) && [[ -d $tree ]] || tree=
  for release in 9 8 7 6; do
    [[ -n $tree ]] && break
    tree=$(fetch "python$version=3.11.2-6+deb12u$release" | tail -n 1) && [[ -d $tree ]] || tree=
  done
  [[ -n $tree ]] || skip "apt offers no source of python$version"
  mv "$tree" source
fi

if [[ ! -e python.wasm ]]; then
  rm -rf build
  mkdir build
  cat >build/cc <<COMPILER
#!/bin/sh
exec clang-22 ${wasi_flags[*]} "\$@" -w -g0 -Wno-int-conversion -Wno-incompatible-pointer-types
COMPILER
  chmod +x build/cc
  (
    cd build
    # This machine's libraries are not the guest's.
    export PKG_CONFIG_LIBDIR=/nonexistent CONFIG_SITE=../source/Tools/wasm/config.site-wasm32-wasi
    ../source/configure -C --host=wasm32-unknown-wasi --build=x86_64-linux-gnu --with-build-python=$build_python \
      --with-ensurepip=no --disable-ipv6 CC="$PWD/cc" CPP="$PWD/cc -E" AR=llvm-ar-22 RANLIB=llvm-ranlib-22 \
      >configure.log 2>&1
    make -j"$JOBS" python.wasm >make.log 2>&1
  ) || { tail -n 20 build/make.log build/configure.log; exit 1; }
  cp build/python.wasm .
fi

expect "$HERE/program.expected" "$ASHLAR" run --dir source/Lib::/Lib --dir "$HERE::/program" \
  --dir "$HERE/../../..::/work" --env PYTHONPATH=/Lib --env PYTHONDONTWRITEBYTECODE=1 \
  python.wasm -S /program/program.py one two 2>errors.txt
echo "program.py: $(wc -l <"$HERE/program.expected") lines"
