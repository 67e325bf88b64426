# Ruby, as its makers publish it for WASI: a module without a main function that expects a JavaScript host. host.wat stands
# in for that host, driver.wat for the program that embeds the interpreter; --preload links the four modules.
source "$HERE/../common.sh"
need npm
package=@ruby/3.4-wasm-wasi
module=node_modules/$package/dist/ruby+stdlib.wasm
[[ -e $module ]] || npm install --silent --no-save --no-fund --no-audit --ignore-scripts --prefix . $package@2.10.1 \
  >npm.log 2>&1 || skip "npm cannot install $package"
expect "$HERE/program.expected" "$ASHLAR" run --preload rb-js-abi-host="$HERE/host.wat" \
  --preload canonical_abi="$HERE/host.wat" --preload ruby="$module" --dir "$HERE::/program" \
  --dir "$HERE/../../..::/work" "$HERE/driver.wat"
echo "program.rb: $(wc -l <"$HERE/program.expected") lines"
