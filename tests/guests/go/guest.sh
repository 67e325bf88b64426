# Go: a program of our own, then the standard library's own tests.
source "$HERE/../common.sh"
need go
export GOOS=wasip1 GOARCH=wasm GOCACHE="$PWD/cache" GOFLAGS=-mod=mod
goroot=$(go env GOROOT)

newer hello.wasm "$HERE/hello.go" || go build -o hello.wasm "$HERE/hello.go"
mkdir -p files
code=0
"$ASHLAR" run --dir files::/work --env GREETING=hi hello.wasm a b >output.txt || code=$?
((code == 7)) || { echo "hello: exit code $code, expected 7"; exit 1; }
diff -u "$HERE/hello.expected" output.txt

packages=(strings sort encoding/json math/big compress/flate regexp)
for package in "${packages[@]}"; do
  program=${package//\//_}.test.wasm
  [[ -e $program ]] || go test -c -o "$program" "$package"
  # Tests read testdata by relative paths: the guest's root is the package's folder seen at its own path.
  "$ASHLAR" run --dir "$goroot" --dir /tmp --env "PWD=$goroot/src/$package" --env "GOROOT=$goroot" \
    "$program" -test.short >output.txt 2>&1 || { echo "$package:"; tail -n 40 output.txt; exit 1; }
  echo "$package: $(tail -n 1 output.txt)"
done
echo "hello, and the tests of ${packages[*]}"
