"""A DAWproject beside the stems, held against the rules of the published schema (Project.xsd, MetaData.xsd, 1.0)."""

import re
import struct
import zipfile
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from dawbridge.audio import dawproject, provenance
from dawbridge.audio.dawproject import AudioTrack, Project, is_ours, write
from dawbridge.audio.timeline import time_reference_s
from dawbridge.errors import DiskError

STRING, INT, DOUBLE, BOOL = r"[\s\S]*", r"[+-]?\d+", r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", "true|false|0|1"
ID = r"[A-Za-z_][\w.-]*"
TIME_UNIT, UNIT = "beats|seconds", "linear|normalized|percent|decibel|hertz|semitones|seconds|beats|bpm"
NAMEABLE = {"name": STRING, "color": STRING, "comment": STRING}
REFERENCEABLE = {**NAMEABLE, "id": ID}
PARAMETER = {**REFERENCEABLE, "parameterID": INT}
TIMELINE = {**REFERENCEABLE, "timeUnit": TIME_UNIT, "track": ID}
REAL = {**PARAMETER, "max": STRING, "min": STRING, "unit!": UNIT, "value": STRING}
ANY_TIMELINE = "Lanes|Notes|Clips|ClipSlot|Warps|Audio|Video|Points"


@dataclass
class Rule:
    """What the schema allows an element: attributes (`!`: required), and its children's names, in order, as a regex."""

    attributes: dict[str, str] = field(default_factory=dict)
    children: str = ""


RULES = {
    "Project": Rule({"version!": STRING}, "Application (Transport )?(Structure )?(Arrangement )?(Scenes )?"),
    "Application": Rule({"name!": STRING, "version!": STRING}),
    "Transport": Rule({}, "(Tempo )?(TimeSignature )?"),
    "Tempo": Rule(REAL),
    "TimeSignature": Rule({**PARAMETER, "numerator!": INT, "denominator!": INT}),
    "Structure": Rule({}, "((Track|Channel) )*"),
    "Track": Rule(
        {
            **REFERENCEABLE,
            "contentType": "((audio|automation|notes|video|markers|tracks) ?)*",
            "loaded": BOOL,
        },
        "(Channel )?(Track )*",
    ),
    "Channel": Rule(
        {
            **REFERENCEABLE,
            "audioChannels": INT,
            "destination": ID,
            "role": "regular|master|effect|submix|vca",
            "solo": BOOL,
        },
        "(Devices )?(Mute )?(Pan )?(Sends )?(Volume )?",
    ),
    "Mute": Rule({**PARAMETER, "value": BOOL}),
    "Pan": Rule(REAL),
    "Volume": Rule(REAL),
    "Arrangement": Rule(REFERENCEABLE, "(Lanes )?(Markers )?(TempoAutomation )?(TimeSignatureAutomation )?"),
    "Lanes": Rule(TIMELINE, f"(({ANY_TIMELINE}) )*"),
    "Clips": Rule(TIMELINE, "(Clip )*"),
    "Clip": Rule(
        {
            **NAMEABLE,
            "time!": DOUBLE,
            **dict.fromkeys(
                ("duration", "playStart", "playStop", "loopStart", "loopEnd", "fadeInTime", "fadeOutTime"), DOUBLE
            ),
            "contentTimeUnit": TIME_UNIT,
            "fadeTimeUnit": TIME_UNIT,
            "enable": BOOL,
            "reference": ID,
        },
        f"(({ANY_TIMELINE}) )?",
    ),
    "Audio": Rule(
        {**TIMELINE, "algorithm": STRING, "channels!": INT, "sampleRate!": INT, "duration!": DOUBLE}, "File "
    ),
    "File": Rule({"path!": STRING, "external": BOOL}),
    "Scenes": Rule({}, "(Scene )*"),
    "MetaData": Rule(
        {},
        "(Title )?(Artist )?(Album )?(OriginalArtist )?(Composer )?(Songwriter )?(Producer )?(Arranger )?(Year )?"
        "(Genre )?(Copyright )?(Website )?(Comment )?",
    ),
    "Title": Rule(),
    "Comment": Rule(),
}
REFERENCES = ("track", "destination", "reference")


def breaches(root):
    """Every way in which a document breaks the schema's rules."""
    found, ids = [], [element.get("id") for element in root.iter() if element.get("id")]
    if len(ids) != len(set(ids)):
        found.append("an id is there twice")
    for element in root.iter():
        rule = RULES.get(element.tag)
        if rule is None:
            found.append(f"<{element.tag}> is not known")
            continue
        allowed = {name.rstrip("!"): pattern for name, pattern in rule.attributes.items()}
        for name, value in element.attrib.items():
            if name not in allowed or not re.fullmatch(allowed[name], value):
                found.append(f'<{element.tag}> {name}="{value}"')
            if name in REFERENCES and value not in ids:
                found.append(f'<{element.tag}> {name}="{value}" is nobody\'s id')
        found += [
            f"<{element.tag}> lacks {name}"
            for name in rule.attributes
            if name.endswith("!") and name.rstrip("!") not in element.attrib
        ]
        children = "".join(f"{child.tag} " for child in element)
        if not re.fullmatch(rule.children, children):
            found.append(f"<{element.tag}> has {children}")
    return found


@pytest.fixture
def project(tmp_path):
    """A bounce of two seconds with its stems, 48 kHz, 24 bits."""
    samples = 0.1 * np.random.default_rng(1).standard_normal((96000, 2))
    tracks = []
    for name, color, muted in (("song", "#808080", True), ("song_acapella", "#d94f70", False)):
        file = tmp_path / f"{name}.wav"
        soundfile.write(file, samples, 48000, subtype="PCM_24")
        tracks.append(AudioTrack(name, file, color, 2, 48000, 96000, muted))
    return Project("song", tuple(tracks))


def document(path, name="project.xml"):
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read(name))


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """What this process wrote is not known to it, so that seals are read."""
    monkeypatch.setattr(provenance, "_KNOWN", {})
    monkeypatch.setattr(provenance, "remember", lambda *_: None)


@pytest.mark.parametrize("bpm", [None, 93.5, 128.0])
@pytest.mark.parametrize("start_s", [0.0, 3600.0, 1.2345])
def test_both_documents_keep_the_schema(tmp_path, project, bpm, start_s):
    where = write(tmp_path / "song.dawproject", replace(project, bpm=bpm, start_s=start_s))
    assert breaches(document(where)) == []
    assert breaches(document(where, "metadata.xml")) == []


def test_the_rules_find_what_breaks_them():
    """The measure measures something."""
    for broken, what in (
        ("<Project/>", "lacks version!"),
        ('<Project version="1.0"><Transport/><Application name="" version=""/></Project>', "<Project> has"),
        ('<Clip time="abc"/>', 'time="abc"'),
        ('<Lanes track="nobody"/>', "is nobody's id"),
        ('<Channel id="a"><Mute id="a" value="true"/></Channel>', "twice"),
        ("<Thing/>", "not known"),
    ):
        assert any(what in breach for breach in breaches(ElementTree.fromstring(broken))), broken


@pytest.mark.parametrize(("bpm", "beats_a_second"), [(None, 2.0), (90.0, 1.5)])
def test_every_track_begins_at_the_time_stamp_and_lasts_as_long_as_its_audio(tmp_path, project, bpm, beats_a_second):
    root = document(write(tmp_path / "song.dawproject", replace(project, bpm=bpm, start_s=3600.5)))
    assert float(root.find("Transport/Tempo").get("value")) == beats_a_second * 60
    clips = root.findall("Arrangement/Lanes/Lanes/Clips/Clip")
    assert [clip.get("name") for clip in clips] == ["song", "song_acapella"]
    for clip in clips:
        assert float(clip.get("time")) == pytest.approx(3600.5 * beats_a_second, abs=1e-6)
        assert float(clip.get("duration")) == pytest.approx(2.0 * beats_a_second, abs=1e-6)
        assert (clip.get("contentTimeUnit"), clip.get("playStop")) == ("seconds", "2")
        assert float(clip.find("Audio").get("duration")) == 2.0


def test_the_bounce_is_muted_and_tracks_have_names_and_colours(tmp_path, project):
    root = document(write(tmp_path / "song.dawproject", project))
    tracks = root.findall("Structure/Track")
    assert [track.get("name") for track in tracks] == ["song", "song_acapella", "Master"]
    assert [track.get("color") for track in tracks] == ["#808080", "#d94f70", None]
    assert [track.find("Channel/Mute").get("value") for track in tracks] == ["true", "false", "false"]
    assert {track.find("Channel").get("destination") for track in tracks[:2]} == {tracks[2].find("Channel").get("id")}


def test_the_audio_is_in_it_byte_for_byte_and_where_the_project_says(tmp_path, project):
    where = write(tmp_path / "song.dawproject", project)
    with zipfile.ZipFile(where) as archive:
        assert archive.testzip() is None
        paths = [file.get("path") for file in document(where).iter("File")]
        assert [archive.read(path) for path in paths] == [track.file.read_bytes() for track in project.tracks]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_names_that_xml_or_a_disk_refuse_are_written_otherwise(tmp_path, project):
    odd = tmp_path / 'a\udcffb "<&>\x01 ü.wav'
    project.tracks[0].file.rename(odd)
    project = replace(project, tracks=(replace(project.tracks[0], name="x\x00\udcff<&>ü", file=odd), project.tracks[1]))
    root = document(write(tmp_path / "song.dawproject", replace(project, title="\x02&")))
    assert root.find("Structure/Track").get("name") == "x__<&>ü"
    assert next(root.iter("File")).get("path") == "audio/a_b __&__ ü.wav"


def test_two_files_of_one_name_are_both_there(tmp_path, project):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "SONG.wav"
    twin.write_bytes(b"other")
    project = replace(project, tracks=(project.tracks[0], replace(project.tracks[1], file=twin)))
    with zipfile.ZipFile(write(tmp_path / "song.dawproject", project)) as archive:
        assert len({name.casefold() for name in archive.namelist()}) == 4


def test_our_own_is_replaced_and_the_same_content_makes_the_same_file(tmp_path, project):
    final = tmp_path / "song.dawproject"
    first = write(final, project).read_bytes()
    assert is_ours(final)
    assert write(final, replace(project, bpm=100.0)) == final
    assert write(final, project).read_bytes() == first


def test_a_project_that_somebody_changed_stays(tmp_path, project):
    final = tmp_path / "song.dawproject"
    write(final, project)
    with zipfile.ZipFile(final) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["project.xml"] = content["project.xml"].replace(b'value="120"', b'value="121"')
    with zipfile.ZipFile(final, "w") as archive:
        for name, body in content.items():
            archive.writestr(name, body)
    theirs = final.read_bytes()
    assert not is_ours(final)
    assert write(final, project) == tmp_path / "song (2).dawproject"
    assert final.read_bytes() == theirs
    assert write(final, project) == tmp_path / "song (2).dawproject"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"text", b"PK\x05\x06" + bytes(18)])
def test_another_programs_file_stays(tmp_path, project, content):
    final = tmp_path / "song.dawproject"
    final.write_bytes(content)
    assert write(final, project) == tmp_path / "song (2).dawproject"
    assert final.read_bytes() == content


def test_every_changed_byte_of_the_content_breaks_the_seal(tmp_path, project):
    final = write(tmp_path / "song.dawproject", project)
    whole = final.read_bytes()
    for place in (200, 5000, len(whole) // 2, whole.rindex(b"; seal") + 10, whole.rindex(b"<Title>") + 8):
        final.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not is_ours(final), place


def test_a_compressed_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.dawproject"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.xml", bytes(10**7))
        archive.writestr("metadata.xml", f"<Comment>dawbridge; seal {'0' * 32}</Comment>")
    assert not is_ours(path)


def test_a_stem_that_is_gone_leaves_all_as_it_was(tmp_path, project):
    final = write(tmp_path / "song.dawproject", project)
    before = final.read_bytes()
    project.tracks[1].file.unlink()
    with pytest.raises(DiskError):
        write(final, project)
    assert final.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("samples", "expected"), [(0, 0.0), (48000 * 3600, 3600.0), (2**32 + 24000, 89478.985333)])
def test_the_time_stamp_of_a_broadcast_wave_is_read(tmp_path, project, samples, expected):
    path = project.tracks[0].file
    body = bytearray(602)
    struct.pack_into("<Q", body, 338, samples)
    whole = path.read_bytes()
    bext = b"bext" + struct.pack("<I", len(body)) + body
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8 + len(bext)) + whole[8:12] + bext + whole[12:])
    assert time_reference_s(path, 48000) == pytest.approx(expected, abs=1e-6)


def test_what_has_no_time_stamp_begins_at_0(tmp_path, project):
    assert time_reference_s(project.tracks[0].file, 48000) == 0
    assert time_reference_s(tmp_path / "gone.wav", 48000) == 0


def test_the_mark_names_the_version(tmp_path, project):
    comment = document(write(tmp_path / "song.dawproject", project), "metadata.xml").findtext("Comment")
    assert comment.startswith(f"dawbridge {dawproject.VERSION}; seal ")
