"""What the tests against public suites of other projects share: where the suite is, its cases one by one, the tally."""

import argparse
import os
import pathlib
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(description, repository, variable, folder, cases, check, differences):
    """The exit code: 0, 1, or 77 where nothing says where the checkout is.

    cases(suite): "accepted" or "refused" there, a path and a name for each; check(args, kind, path, work): what is
    wrong, or None; differences: by name, where we differ and why. One that does not differ any more is an error.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--ashlar", type=pathlib.Path, default=ROOT / "build" / "bin" / "ashlar")
    parser.add_argument("--checkout", type=pathlib.Path, default=os.environ.get(variable) or None)
    parser.add_argument("--errors", action="store_true", help="show the error of each file that is refused")
    args = parser.parse_args()
    if args.checkout is None:
        print(f"skipped: the suite is another project's; --checkout or {variable} may name a checkout of {repository}")
        return 77
    args.ashlar = args.ashlar.resolve()
    suite = args.checkout.resolve() / folder
    if not suite.is_dir():
        print(f"{args.checkout} has no {folder}")
        return 1
    failed, counts = 0, {"accepted": 0, "refused": 0}
    with tempfile.TemporaryDirectory(prefix="ashlar-suite-") as work:
        for kind, path, name in cases(suite):
            counts[kind] += 1
            wrong = check(args, kind, path, pathlib.Path(work))
            reason = differences.get(name)
            if reason and not wrong:
                wrong = f"listed as a difference ({reason}), but there is none"
            elif reason:
                print(f"known {name}: {reason}")
                wrong = None
            if wrong:
                failed += 1
                print(f"FAIL {path.relative_to(suite)}: {wrong}", flush=True)
    total = sum(counts.values())
    print(f"{repository}: {total - failed} of {total} agree "
          f"({counts['accepted']} accepted, {counts['refused']} refused there)")
    return 1 if failed or not total else 0
