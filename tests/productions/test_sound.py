"""Sound: measured as the standards say, the same each time, and heard by an ear of its own."""

import io

import av
import numpy as np
import pytest
from pocketsphinx import Decoder

from callsheet.planning.briefs import read_brief
from callsheet.planning.rules import plan_by_rules
from callsheet.ports.film import frames_of
from callsheet.sound.ambience import PLACES, effects
from callsheet.sound.files import samples_of, wav_bytes
from callsheet.sound.loudness import SILENT, loudness_of, true_peak_of
from callsheet.sound.mixing import duck_curve, mix
from callsheet.sound.music import bed
from callsheet.sound.signals import RATE, Samples, dice_of
from callsheet.sound.voice import speak

PLAN = plan_by_rules(read_brief("8 seconds: a keeper walks by the sea; calm"))
WORDS = "the first loaf is always for the street"


def by_libav(samples: Samples) -> float:
    """Measure loudness with an implementation of others."""
    graph = av.filter.Graph()
    with av.open(io.BytesIO(wav_bytes(samples)), "r") as file:
        source = graph.add_abuffer(template=file.streams.audio[0])
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        found = SILENT
        for frame in file.decode(audio=0):
            graph.push(frame)
            while True:
                try:
                    heard = graph.pull()
                except (av.BlockingIOError, av.EOFError):
                    break
                found = float(heard.metadata.get("lavfi.r128.I", found))
    return found


@pytest.mark.parametrize("kind", ["tone", "noise", "swelling"])
def test_loudness_agrees_with_others(kind: str) -> None:
    """Within 0.15 LU, for tones, noise and what grows from silence."""
    count = 6 * RATE
    time = np.arange(count) / RATE
    one = {
        "tone": 0.2 * np.sin(2 * np.pi * 1_000 * time),
        "noise": 0.05 * dice_of("noise").standard_normal(count),
        "swelling": 0.3 * np.sin(2 * np.pi * 220 * time) * (time / 6) ** 3,
    }[kind].astype(np.float32)
    stereo = np.stack([one, one * np.float32(0.5)], axis=1)
    assert loudness_of(stereo) == pytest.approx(by_libav(stereo), abs=0.15)


def test_true_peak_lies_between_samples() -> None:
    """A tone at a quarter of the rate whose samples miss its peaks by 3 dB (EBU Tech 3341, 15)."""
    tone = 0.5 * np.sin(2 * np.pi * RATE / 4 * np.arange(RATE) / RATE + np.pi / 4)
    assert true_peak_of(tone.astype(np.float32)) == pytest.approx(-6.02, abs=0.3)


def test_music_keeps_every_bit_where_nobody_speaks() -> None:
    """And lies 12 dB lower where somebody does, 120 ms before they do."""
    curve = duck_curve([(RATE * 2, RATE * 3)], RATE * 6)
    assert (curve[: int(RATE * 1.6)] == 1).all()
    assert (curve[int(RATE * 3.3) :] == 1).all()
    assert curve[int(RATE * 1.9) : RATE * 3] == pytest.approx(10 ** (-12 / 20))
    assert curve.min() >= 0.25


def test_a_mix_is_as_loud_as_asked_and_the_same_each_time() -> None:
    """Its length is the film's, its peaks stay below; stems are what the master is made of."""
    music, places = bed(PLAN), effects(PLAN)
    said = speak("The sea is calm.", "en").samples
    at = {(PLAN.shots[0].id, 0): said}
    made = [mix(PLAN, at, music.samples, places) for _ in range(2)]
    assert wav_bytes(made[0].master) == wav_bytes(made[1].master)
    assert len(made[0].master) == frames_of(PLAN) * RATE // 24
    assert made[0].loudness == pytest.approx(-16, abs=0.2)
    assert made[0].true_peak <= -0.99
    broadcast = mix(PLAN, at, music.samples, places, loudness=-23.0)
    assert broadcast.loudness == pytest.approx(-23, abs=0.2)
    stems = broadcast.voice + broadcast.music + broadcast.effects
    assert np.abs(stems - broadcast.master).max() < 1e-4
    assert np.array_equal(music.samples, bed(PLAN).samples)


@pytest.mark.parametrize("place", sorted(PLACES))
def test_every_place_is_heard(place: str) -> None:
    """Softly, without a click, and never as nothing."""
    sound = PLACES[place](RATE * 2, dice_of(place))
    assert sound.shape == (RATE * 2,)
    assert 1e-4 < float(np.sqrt(np.mean(sound**2))) < 0.08
    assert np.abs(sound).max() < 0.6


def test_an_independent_ear_hears_the_words() -> None:
    """At most two words of nine are taken for others; the same seed gives the same samples."""
    speech = speak(WORDS, "en")
    assert speech.voice == "hibari/heart"
    assert np.array_equal(speech.samples, speak(WORDS, "en").samples)
    narrow = speech.samples[::3]  # 16 kHz; the voice has nothing above 8
    decoder = Decoder(samprate=16_000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((narrow * 32_767 * 2).clip(-32_768, 32_767).astype("<i2").tobytes())
    decoder.end_utt()
    heard = decoder.hyp().hypstr.split()
    assert len({*WORDS.split()} & {*heard}) >= len({*WORDS.split()}) - 2, heard


def test_what_no_voice_speaks_is_a_tone_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the rhythm of the words, never silence."""
    monkeypatch.setenv("PATH", "/nowhere")
    speech = speak("灯台守が瓶の中の手紙を見つける。", "ja")
    assert speech.voice == "tone"
    assert "no local voice speaks 'ja'" in speech.label
    assert 1 < speech.seconds < 8
    assert float(np.abs(speech.samples).max()) > 0.1


def test_samples_go_through_a_file() -> None:
    """24 bit, and nothing in the file but the sound."""
    samples = (dice_of("file").random((1_000, 2)) * 1.9 - 0.95).astype(np.float32)
    content = wav_bytes(samples)
    assert len(content) == 44 + 6_000
    assert np.abs(samples_of(content) - samples).max() < 2e-7
