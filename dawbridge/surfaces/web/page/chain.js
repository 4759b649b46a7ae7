// What the player schedules. A loop is unrolled: frame `u` since playing began lies somewhere in the file, and buffers end
// at the loop's end.
export const FADE_S = 0.02;

const TRIES = 3, LONGEST_WAIT_MS = 3000;

/** A stretch of playing: `from` is the frame of the file at the time `startedAt` of the context's clock. */
export class Span {
  constructor(from, startedAt, frames, loop) {
    Object.assign(this, { from, startedAt, frames, loop: loop && from < loop[1] ? loop : null });
  }

  /** The file's frame at `u` frames after the start. */
  place(u) {
    const plain = this.from + u;
    if (!this.loop || plain < this.loop[1]) return plain;
    const [start, stop] = this.loop;
    return start + ((plain - stop) % (stop - start));
  }

  /** How many frames follow each other in the file from there on. */
  left(u) {
    return (this.loop ? this.loop[1] : this.frames) - this.place(u);
  }
}

export class Chain {
  constructor(player, stem, level, span) {
    Object.assign(this, { player, stem, span, next: 0, sources: new Set(), busy: false, over: false, failures: 0, waitsUntil: 0 });
    this.gain = player.context.createGain();
    this.gain.gain.value = 0;
    this.gain.connect(level);
  }

  fade(to, at) {
    this.gain.gain.cancelScheduledValues(at);
    this.gain.gain.setValueAtTime(1 - to, at);
    this.gain.gain.linearRampToValueAtTime(to, at + FADE_S);
  }

  play(buffer, u, span) {
    const { context } = this.player;
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.gain);
    const at = span.startedAt + u / this.stem.rate;
    const late = context.currentTime - at;
    if (late > 0) source.start(context.currentTime, late);
    else source.start(at);
    this.sources.add(source);
    source.onended = () => this.sources.delete(source);
  }

  /** A buffer could not be read: wait, longer each time. Whether it is refused so often that its file must be gone. */
  failed({ status }) {
    this.waitsUntil = performance.now() + Math.min(200 * 2 ** this.failures++, LONGEST_WAIT_MS);
    return status >= 400 && status < 500 && this.failures >= TRIES;
  }

  end(at) {
    this.over = true;
    for (const source of this.sources) source.stop(at);
    setTimeout(() => this.gain.disconnect(), (at - this.player.context.currentTime) * 1000 + 300);
  }
}

/** A clock at the bounce's rate, so that nothing is resampled twice; at the sound card's, where it takes no other. Calls
 * `stopped` if the browser stops it, as it does for a telephone call. */
export function contextAt(sampleRate, stopped) {
  const context = made(sampleRate);
  context.onstatechange = () => context.state === "running" || stopped();
  return context;
}

function made(sampleRate) {
  try {
    return new AudioContext({ sampleRate });
  } catch {
    return new AudioContext();
  }
}
