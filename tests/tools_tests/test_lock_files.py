"""What is installed is pinned, hashed, and names no place to fetch it from."""

import json
import re

import pytest

from tools.paths import REQUIREMENTS, ROOT

LOCKS = sorted(REQUIREMENTS.glob("*.txt"))


def pins(name: str) -> dict[str, str]:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_a_hash_and_no_lock_names_an_address(lock):
    text = lock.read_text()
    assert "://" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert blocks
    assert all("==" in block and "--hash=sha256:" in block for block in blocks if block.strip())


def test_every_lock_has_its_source_and_the_other_way_round():
    assert {path.stem for path in LOCKS} == {path.stem for path in REQUIREMENTS.glob("*.in")}


@pytest.mark.parametrize(("lower", "upper"), [("base", "embedded"), ("embedded", "dev")])
def test_each_level_holds_the_one_below_version_by_version(lower, upper):
    above = pins(upper)
    assert {name: above.get(name) for name in pins(lower)} == pins(lower)


def test_front_end_packages_have_integrity_hashes_and_no_download_addresses():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if "resolved" in entry]


def test_front_end_packages_are_pinned_exactly():
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
