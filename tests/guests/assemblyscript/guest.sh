# AssemblyScript: functions called by name, with a garbage collector inside the module.
source "$HERE/../common.sh"
need node npm
[[ -d node_modules/assemblyscript ]] || npm install --silent --no-save --no-fund --no-audit assemblyscript@0.28 >npm.log 2>&1 ||
  skip "npm cannot install assemblyscript"
newer sieve.wasm "$HERE/sieve.ts" ||
  node node_modules/assemblyscript/bin/asc.js "$HERE/sieve.ts" -O3 --use abort= --runtime incremental -o sieve.wasm

# call FUNCTION ARGUMENT RESULT
call() {
  local got
  got=$("$ASHLAR" run --invoke "$1" sieve.wasm "$2")
  [[ $got == "$3" ]] || { echo "$1($2): got '$got', expected '$3'"; exit 1; }
}
call primes 1000000 78498
call words 50000 -868499000
call mean 1000 0.007485470860550343
echo "typed arrays, maps, strings, closures"
