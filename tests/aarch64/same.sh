#!/usr/bin/env bash
# same.sh FILE FLAGS...: runs a module with `ashlar run FLAGS... FILE` interpreted and compiled, on this machine and as
# aarch64. Prints what all four give, exit code last; or how they differ. `-- ARGUMENTS` go behind the file. How deep the
# stack is when it ends is left out.
set -u
file=$1
shift
flags=()
while (($#)) && [[ $1 != -- ]]; do
  flags+=("$1")
  shift
done
(($#)) && shift

arm=$(dirname "$(readlink -f "$0")")/ashlar
declare -A command=([x86_64.interpreted]=ashlar [x86_64.compiled]=ashlar [aarch64.interpreted]=$arm [aarch64.compiled]=$arm)
ways=(x86_64.interpreted x86_64.compiled aarch64.interpreted aarch64.compiled)
for way in "${ways[@]}"; do
  # The file has the same name everywhere: messages show it.
  mkdir "$way"
  if [[ $way == *.compiled ]]; then
    ashlar compile --target "${way%.*}" -o "$way/program" "$file" || exit
  else
    cp "$file" "$way/program"
  fi
  (cd "$way" && "${command[$way]}" run --tier=interp --allow-precompiled "${flags[@]}" program "$@" >../"$way.out" 2>&1
   echo "exit $?" >>../"$way.out")
  sed -i -E 's/^  \.\.\. [0-9]+ more/  ... many more/' "$way.out"
done
cat "${ways[0]}.out"
for way in "${ways[@]:1}"; do
  diff --label "${ways[0]}" --label "$way" -u "${ways[0]}.out" "$way.out"
done
rm -r "${ways[@]}" "${ways[@]/%/.out}"
