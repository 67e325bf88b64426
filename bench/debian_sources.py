"""Fetches and unpacks Debian source packages into the build folder, leaving apt's own configuration and lists alone."""

import os
import pathlib
import re
import shutil
import subprocess


class SourceError(Exception):
    """Why a source package could not be had."""


def _source_entries(etc):
    """The machine's own apt entries, each turned into one for sources; yields (file name, text)."""
    one_line = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in one_line:
        lines = path.read_text().splitlines() if path.is_file() else []
        entries = [re.sub(r"^\s*deb\s", "deb-src ", line) for line in lines if re.match(r"\s*deb\s", line)]
        if entries:
            yield path.name if path.suffix == ".list" else "main.list", "\n".join(entries) + "\n"
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        yield path.name, re.sub(r"(?m)^Types:.*$", "Types: deb-src", path.read_text())


def _apt(cache, *arguments, cwd=None):
    places = {"Dir::Etc::SourceList": "/dev/null", "Dir::Etc::SourceParts": cache / "parts",
              "Dir::State::Lists": cache / "lists", "Dir::Cache": cache / "cache"}
    if os.geteuid() == 0:
        places["APT::Sandbox::User"] = "root"
    options = [word for key, value in places.items() for word in ("-o", f"{key}={value}")]
    return subprocess.run(["apt-get", "-qq", *options, *arguments], cwd=cwd, capture_output=True, text=True)


def _update(cache):
    if (cache / "updated").exists():
        return
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
        (cache / folder).mkdir(parents=True, exist_ok=True)
    for name, text in _source_entries(pathlib.Path("/etc/apt")):
        (cache / "parts" / name).write_text(text)
    _apt(cache, "update")  # an entry without sources fails: what matters is whether the package is found
    (cache / "updated").touch()


def source_tree(build, package):
    """The folder of `package`, unpacked without Debian's patches; fetched on the first call."""
    folder = build / "sources" / package
    unpacked = folder / "tree"
    if unpacked.is_dir():
        return unpacked
    for tool in ("apt-get", "dpkg-source"):
        if not shutil.which(tool):
            raise SourceError(f"{tool} is missing (Debian packages apt and dpkg-dev)")
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching the Debian source of {package}", flush=True)
    cache = build / "apt"
    _update(cache)
    fetched = _apt(cache, "source", "--download-only", package, cwd=folder)
    descriptions = sorted(folder.glob("*.dsc"))
    if not descriptions:
        raise SourceError(f"apt-get source {package}: {fetched.stderr.strip() or 'no such source package'}")
    result = subprocess.run(["dpkg-source", "--no-check", "--skip-patches", "-x", descriptions[-1].name, "tree.part"],
                            cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        raise SourceError(f"dpkg-source: {result.stderr.strip()}")
    (folder / "tree.part").rename(unpacked)
    return unpacked
