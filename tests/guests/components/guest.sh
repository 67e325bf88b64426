# Components of other toolchains: Python (componentize-py), JavaScript (componentize-js) and Rust (wasm32-wasip2). Each
# that is there makes a command, the first two also a component whose functions take values of every shape.
source "$HERE/../common.sh"

# What the commands are built against: WASI's interfaces as the project has them.
mkdir -p wit data
cp "$HERE/world.wit" wit/
for file in "$HERE"/../../../wit/wasi-0.2.12/*.wit; do
  mkdir -p "wit/deps/$(basename "$file" .wit)"
  cp "$file" "wit/deps/$(basename "$file" .wit)/"
done

made=()

# calls COMPONENT: the functions of kit.wit give what kit.expected says.
calls() {
  local call
  for call in 'sum([{x: 1, y: -2}, {x: 40, y: 3}])' 'describe(dot, {}, foot)' \
    'describe(circle(7), {bold, dotted}, metre)' 'describe(named("é"), {thin}, foot)' \
    'pick([none, some("x")], 1)' 'pick([none], 0)'; do
    "$ASHLAR" run --invoke "$call" "$1" || return 1
  done
}

# round_trip COMPONENT: its text gives a component that prints the same text.
round_trip() {
  "$ASHLAR" print "$1" -o text.wat
  "$ASHLAR" parse --debug-names --no-check text.wat -o again.wasm
  "$ASHLAR" print again.wasm -o again.wat
  cmp text.wat again.wat
  rm -f text.wat again.wat again.wasm
}

try_python() {
  need python3
  [[ -x venv/bin/componentize-py ]] || { python3 -m venv venv && venv/bin/pip install -q componentize-py; } >pip.log 2>&1 ||
    skip "pip cannot install componentize-py"
  cp "$HERE"/{command,kit,shapes}.py .
  newer py-command.wasm "$HERE/command.py" ||
    venv/bin/componentize-py -q -d wit -w command componentize command -o py-command.wasm
  newer py-kit.wasm "$HERE"/{kit,shapes}.py "$HERE/kit.wit" ||
    venv/bin/componentize-py -q -d "$HERE/kit.wit" -w kit componentize kit -o py-kit.wasm
  rm -rf data/*
  expect "$HERE/command.py.expected" "$ASHLAR" run --dir data::/data --env LANG=C.UTF-8 py-command.wasm a "b c" <<<"some input"
  expect "$HERE/kit.expected" calls py-kit.wasm
  round_trip py-kit.wasm
}

try_javascript() {
  need npm node
  [[ -d node_modules/@bytecodealliance/componentize-js ]] ||
    npm install --prefix . --silent --no-audit --no-fund @bytecodealliance/{componentize-js,jco} >npm.log 2>&1 ||
    skip "npm cannot install componentize-js"
  cp "$HERE"/componentize.mjs .
  newer js-command.wasm "$HERE/command.js" || node componentize.mjs "$HERE/command.js" wit command js-command.wasm
  newer js-kit.wasm "$HERE/kit.js" "$HERE/kit.wit" || node componentize.mjs "$HERE/kit.js" "$HERE/kit.wit" kit js-kit.wasm
  expect "$HERE/command.js.expected" "$ASHLAR" run js-command.wasm
  expect "$HERE/kit.expected" calls js-kit.wasm
  round_trip js-kit.wasm
}

try_rust() {
  need rustc
  newer rust-command.wasm "$HERE/command.rs" ||
    rustc --edition 2021 -O --target wasm32-wasip2 "$HERE/command.rs" -o rust-command.wasm >rust.log 2>&1 ||
    skip "rustc has no wasm32-wasip2"
  rm -rf data/*
  expect "$HERE/command.rs.expected" "$ASHLAR" run --dir data::/data --env LANG=C.UTF-8 rust-command.wasm a "b c" <<<"one two one"
  round_trip rust-command.wasm
}

for language in python javascript rust; do
  # Not in a condition: there the first failed command would not end the subshell.
  set +e
  (set -e; "try_$language")
  status=$?
  set -e
  case $status in
    0) made+=("$language") ;;
    77) ;;
    *) exit 1 ;;
  esac
done
((${#made[@]})) || skip "none of componentize-py, componentize-js and Rust's wasm32-wasip2 is here"
echo "made with: ${made[*]}"
