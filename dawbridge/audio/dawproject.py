"""A project beside the stems: the bounce, muted, and both stems on tracks of their own, to open in a DAW.

The format is DAWproject 1.0 (github.com/bitwig/dawproject, Project.xsd and MetaData.xsd): a zip with `project.xml`,
`metadata.xml` and the audio. The audio is embedded: that is what Bitwig, Cubase and Studio One write themselves, and
so what all of them read; paths to files outside are in the schema, but not every importer follows them. It is stored
uncompressed, since audio hardly gets smaller.

Positions are in beats of the tempo that the project has, as in the projects of those DAWs; a clip's content is in
seconds and not stretched, so that a wrong tempo moves nothing.

`metadata.xml` carries a seal over all of the content, so that only a project that is exactly what we wrote is replaced.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from dawbridge.audio import provenance
from dawbridge.files.opening import open_regular
from dawbridge.files.part import Part
from dawbridge.files.publish import disk_errors, make_room, publish
from dawbridge.version import VERSION

SUFFIX = ".dawproject"
DEFAULT_BPM = 120.0
"""The project's tempo if that of the bounce is not known."""

_ZEROS = "0" * 32
_SEAL = re.compile(r"; seal ([0-9a-f]{32})(?=</Comment>)")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_METADATA_LIMIT = 2**16
_BLOCK = 2**20
_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that equal content makes equal files."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio file on a track of its own."""

    name: str
    file: Path
    color: str
    """`#rrggbb`."""
    channels: int
    sample_rate: int
    """In Hz."""
    frames: int
    """Samples per channel."""
    muted: bool = False

    @property
    def duration_s(self) -> float:
        """Duration of the audio, in seconds."""
        return self.frames / self.sample_rate


@dataclass(frozen=True, slots=True)
class Project:
    """What a project holds."""

    title: str
    tracks: tuple[AudioTrack, ...]
    start_s: float = 0.0
    """Where all tracks begin, in seconds: the bounce's time stamp."""
    bpm: float | None = None
    """None if it is not known."""


def write(final: Path, project: Project) -> Path:
    """Write the project under `final` in one step; the name that it got.

    A file of that name that is not exactly what we wrote stays, and the project is `final (2).dawproject`. Raises
    `DiskError`; then nothing has been replaced.
    """
    with disk_errors(final.parent):
        make_room(final.parent, sum(track.file.stat().st_size for track in project.tracks))
        part = Part.create(final.parent)
        try:
            buffered = io.BufferedRandom(part.stream)
            _fill(buffered, project)
            buffered.flush()
            buffered.detach()
            where = publish(part, final, is_ours)
        finally:
            part.discard()
    provenance.remember(where)
    return where


def is_ours(path: Path) -> bool:
    """Whether the file is, entry by entry, a project that dawbridge wrote. Never raises.

    Reads it whole, unless this process wrote it and nobody has touched it since.
    """
    if provenance.is_intact(path):
        return True
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            return _is_sealed(archive)
    except (OSError, ValueError, RuntimeError, EOFError, KeyError, zipfile.BadZipFile, struct.error, zlib.error):
        return False


def project_xml(project: Project) -> bytes:
    """`project.xml`, after Project.xsd."""
    root = Element("Project", version="1.0")
    SubElement(root, "Application", name="dawbridge", version=VERSION)
    bpm = project.bpm or DEFAULT_BPM
    transport = SubElement(root, "Transport")
    SubElement(transport, "Tempo", id="tempo", name="Tempo", unit="bpm", min="20", max="666", value=_number(bpm))
    SubElement(transport, "TimeSignature", id="time-signature", numerator="4", denominator="4")
    structure = SubElement(root, "Structure")
    for number, track in enumerate(project.tracks):
        _add_track(structure, f"track-{number}", track)
    master = SubElement(structure, "Track", id="track-master", name="Master", contentType="audio notes", loaded="true")
    _add_channel(master, "channel-master", role="master", channels=2)
    lanes = SubElement(SubElement(root, "Arrangement", id="arrangement"), "Lanes", id="lanes", timeUnit="beats")
    names = dict(_names(project))
    for number, track in enumerate(project.tracks):
        _add_clip(lanes, f"track-{number}", track, names[track], project.start_s, bpm)
    SubElement(root, "Scenes")
    return _document(root)


def metadata_xml(title: str, comment: str) -> bytes:
    """`metadata.xml`, after MetaData.xsd."""
    root = Element("MetaData")
    SubElement(root, "Title").text = _clean(title)
    SubElement(root, "Comment").text = comment
    return _document(root)


def _add_track(structure: Element, id: str, track: AudioTrack) -> None:
    element = SubElement(
        structure, "Track", id=id, name=_clean(track.name), color=track.color, contentType="audio", loaded="true"
    )
    _add_channel(element, f"channel-{id}", role="regular", channels=min(track.channels, 2), muted=track.muted)


def _add_channel(track: Element, id: str, *, role: str, channels: int, muted: bool = False) -> None:
    channel = SubElement(track, "Channel", id=id, role=role, audioChannels=str(channels), solo="false")
    if role != "master":
        channel.set("destination", "channel-master")
    SubElement(channel, "Mute", id=f"{id}-mute", name="Mute", value=str(muted).lower())
    SubElement(channel, "Pan", id=f"{id}-pan", name="Pan", unit="normalized", min="0", max="1", value="0.5")
    SubElement(channel, "Volume", id=f"{id}-volume", name="Volume", unit="linear", min="0", max="2", value="1")


def _add_clip(lanes: Element, track_id: str, track: AudioTrack, path: str, start_s: float, bpm: float) -> None:
    lane = SubElement(lanes, "Lanes", id=f"lanes-{track_id}", track=track_id)
    clips = SubElement(lane, "Clips", id=f"clips-{track_id}")
    per_s, duration = bpm / 60, _number(track.duration_s)
    clip = SubElement(
        clips, "Clip", name=_clean(track.name), color=track.color, time=_number(start_s * per_s),
        duration=_number(track.duration_s * per_s), contentTimeUnit="seconds", playStart="0", playStop=duration,
    )  # fmt: skip
    audio = SubElement(
        clip, "Audio", id=f"audio-{track_id}", algorithm="raw", duration=duration, channels=str(track.channels),
        sampleRate=str(track.sample_rate),
    )  # fmt: skip
    SubElement(audio, "File", path=path)


def _names(project: Project) -> Iterator[tuple[AudioTrack, str]]:
    """Each track with its file's name in the zip; no two alike."""
    taken: set[str] = set()
    for number, track in enumerate(project.tracks):
        name = _NOT_IN_NAMES.sub("_", _clean(track.file.name)) or "audio"
        if name.casefold() in taken:
            name = f"{number} {name}"
        taken.add(name.casefold())
        yield track, f"audio/{name}"


def _fill(stream: io.BufferedRandom, project: Project) -> None:
    """Write the zip. `metadata.xml` comes last, when the seal over the others is known."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _store(archive, digest, "project.xml", [project_xml(project)])
        for track, name in _names(project):
            with open_regular(track.file) as source:
                _store(archive, digest, name, _blocks(source), track.file.stat().st_size)
        comment = f"{provenance.MARK_PREFIX} {VERSION}; seal {_ZEROS}"
        document = metadata_xml(project.title, comment)
        digest.update(document)
        sealed = document.replace(_ZEROS.encode(), digest.hexdigest()[: len(_ZEROS)].encode())
        _store(archive, hashlib.sha256(), "metadata.xml", [sealed])


def _store(
    archive: zipfile.ZipFile, digest: "hashlib._Hash", name: str, blocks: Iterable[bytes], size: int = 0
) -> None:
    info = zipfile.ZipInfo(name, _TIME)
    info.file_size, info.external_attr = size, 0o644 << 16
    digest.update(name.encode() + b"\0")
    with archive.open(info, "w") as entry:
        for block in blocks:
            entry.write(block)
            digest.update(block)


def _is_sealed(archive: zipfile.ZipFile) -> bool:
    entries = archive.infolist()
    if not entries or entries[-1].filename != "metadata.xml" or entries[-1].file_size > _METADATA_LIMIT:
        return False
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
        return False
    document = archive.read("metadata.xml").decode()
    match = _SEAL.search(document)
    if match is None:
        return False
    digest = hashlib.sha256()
    for entry in entries[:-1]:
        digest.update(entry.filename.encode() + b"\0")
        with archive.open(entry) as content:
            for block in _blocks(content):
                digest.update(block)
    digest.update((document[: match.start(1)] + _ZEROS + document[match.end(1) :]).encode())
    return digest.hexdigest()[: len(_ZEROS)] == match[1]


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _document(root: Element) -> bytes:
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _clean(text: str) -> str:
    """Text that XML can hold; a name that is not UTF-8 has bytes in it that it cannot."""
    return _NOT_XML.sub("_", text)


def _number(value: float) -> str:
    """An xs:double, to a hundredth of a sample at any rate."""
    return f"{value:.9f}".rstrip("0").rstrip(".")
