"""Charts in folders of a Git repository: the newest commit of one branch, read object by object.

Nothing is checked out, so no link leads anywhere and no attribute, filter or hook of the repository counts.
What pins a version is the id of its folder's tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portal.clusters.types import MIB
from portal.core.documents import load_mapping
from portal.core.errors import InvalidInput
from services_catalog.archives import MAX_FILE_BYTES, check_bounds
from services_catalog.models import ChartSource
from services_catalog.sources import selection
from services_catalog.sources.errors import SourceNotFound, SourceUnreadable, VersionRefused
from services_catalog.sources.git_command import Git
from services_catalog.sources.index import clean
from services_catalog.sources.offers import Fetched, Listing, Offer

TAKEN = "refs/slipway/taken"
FILES = frozenset({"100644", "100755"})
LINK, SUBMODULE = "120000", "160000"
# no promisor and no remote: what was not fetched is missing, and stays so
CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
BLOB_LIMIT = f"blob:limit={MAX_FILE_BYTES // MIB + 1}m"


@dataclass(frozen=True)
class Entry:
    mode: str
    object_id: str
    path: str


@dataclass
class GitFolder:
    source: ChartSource
    git: Git
    _entries: dict[str, list[Entry]] = field(default_factory=dict)

    def look(self, validators: Mapping[str, str]) -> Listing:
        ref, commit = self._newest()
        if validators.get("commit") == commit:
            return Listing(unchanged=True, validators=validators)
        self.git.run("init", "--quiet", "--bare", ".")
        self.git.run(
            *("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head"),
            *(f"--filter={BLOB_LIMIT}", self.source.url, f"+{ref}:{TAKEN}"),
            far=True,
        )
        (self.git.folder / "config").write_text(CONFIG)
        commit = self.git.run("rev-parse", "--verify", f"{TAKEN}^{{commit}}").decode().strip()
        listing = selection.select(self.source, self._offers(commit), self.git.limits)
        return Listing(listing.offers, listing.listed, {"commit": commit})

    def fetch(self, offer: Offer) -> Fetched:
        entries = self._entries[offer.handle]
        odd = next((entry for entry in entries if entry.mode not in FILES), None)
        if odd is not None:
            what = {LINK: "a link", SUBMODULE: "a submodule"}.get(odd.mode, "no regular file")
            raise VersionRefused(
                "chart_unusable", f"{clean(odd.path)[:200]} is {what}. A chart must hold its own files."
            )
        self._check_sizes(entries)
        contents = self._contents([entry.object_id for entry in entries])
        below = len(offer.handle) + 1 if offer.handle else 0
        return Fetched(files={entry.path[below:]: contents[entry.object_id] for entry in entries})

    def _newest(self) -> tuple[str, str]:
        """The ref to read, in full, and the commit (or tag) that it names."""
        name = self.source.branch
        wanted = [f"refs/heads/{name}", f"refs/tags/{name}"] if name else ["HEAD"]
        said = self.git.run("ls-remote", self.source.url, *wanted, far=True, output_bytes=MIB).decode()
        found: dict[str, str] = {}
        for line in said.splitlines():
            object_id, _, ref = line.partition("\t")
            found[ref] = object_id
        for ref in wanted:
            if ref in found:
                return ref, found.get(f"{ref}^{{}}", found[ref])
        raise SourceNotFound(f"The repository has no branch {name}." if name else "The repository is empty.")

    def _offers(self, commit: str) -> Iterator[Offer]:
        trees, blobs = self._tree(commit)
        roots = self._roots(blobs)
        if not roots:
            where = f" under {', '.join(self.source.charts)}" if self.source.charts else ""
            raise SourceNotFound(f"The repository has no folder with a Chart.yaml{where}.")
        for entry in blobs:
            root = next((each for each in _parents(entry.path) if each in roots), None)
            if root is not None:
                self._entries.setdefault(root, []).append(entry)
        found = self._contents(list(roots.values()))
        for root, object_id in roots.items():
            digest = f"tree:{trees[root]}"
            url = clean(f"{self.source.url}#{commit}:{root}")[:2000]
            yield _offer(root, found.get(object_id), digest, url)

    def _tree(self, commit: str) -> tuple[dict[str, str], list[Entry]]:
        """Ids of all folders by their path (the top's is empty), and all files."""
        said = self.git.run("ls-tree", "-r", "-t", "-z", "--full-tree", commit).decode(errors="replace")
        top = self.git.run("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()
        trees, blobs = {"": top}, []
        for line in said.split("\0"):
            about, tab, path = line.partition("\t")
            if not tab:
                continue
            mode, kind, object_id = about.split(" ")
            if kind == "tree":
                trees[path] = object_id
            else:
                blobs.append(Entry(mode, object_id, path))
        return trees, blobs

    def _roots(self, blobs: list[Entry]) -> dict[str, str]:
        """Folders of charts, those of subcharts left out, each with its Chart.yaml's id."""
        folders = self.source.charts
        found = {}
        for entry in blobs:
            root, _, name = entry.path.rpartition("/")
            wanted = not folders or any(f"{root}/".startswith(f"{folder}/") for folder in folders)
            if name == "Chart.yaml" and entry.mode in FILES and wanted:
                found[root] = entry.object_id
        return {
            root: object_id
            for root, object_id in found.items()
            if not any(parent in found for parent in _parents(root))
        }

    def _check_sizes(self, entries: list[Entry]) -> None:
        """Before anything is read. Raises TooLarge."""
        asked = "".join(f"{entry.object_id}\n" for entry in entries).encode()
        said = self.git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked).decode()
        sizes = [line.rpartition(" ")[2] for line in said.splitlines()]
        if len(sizes) != len(entries):
            raise SourceUnreadable("git does not say how large the files are.")
        # a missing one was left out when fetching, for it was too large
        numbers = [int(size) if size.isdigit() else MAX_FILE_BYTES + 1 for size in sizes]
        check_bounds(len(numbers), sum(numbers), largest=max(numbers, default=0))

    def _contents(self, object_ids: list[str]) -> dict[str, bytes]:
        """Of those that were fetched."""
        wanted = list(dict.fromkeys(object_ids))
        said = self.git.run("cat-file", "--batch", stdin="".join(f"{each}\n" for each in wanted).encode())
        found, at = {}, 0
        for object_id in wanted:
            end = said.index(b"\n", at)
            words = said[at:end].split(b" ")
            at = end + 1
            if len(words) == 3 and words[1] == b"blob":
                size = int(words[2])
                found[object_id] = said[at : at + size]
                at += size + 1
        return found


def _offer(root: str, chart_yaml: bytes | None, digest: str, url: str) -> Offer:
    label = root.rpartition("/")[2] or "chart"
    try:
        if chart_yaml is None:
            raise InvalidInput("Its Chart.yaml is too large.")
        metadata = load_mapping(chart_yaml)
        name, version = metadata.get("name"), metadata.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            raise InvalidInput("Its Chart.yaml must give name and version as text.")
    except InvalidInput as exc:
        why = VersionRefused("chart_unusable", exc.message)
        return Offer(clean(label)[:100], "", url=url, refusal=why, handle=root)
    return Offer(clean(name)[:300], clean(version)[:300], digest, url, handle=root)


def _parents(path: str) -> Iterator[str]:
    """The folders that it is in, the nearest first, the top (empty) last."""
    while path:
        path = path.rpartition("/")[0]
        yield path
