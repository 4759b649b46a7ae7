// Plays three stems sample by sample together. Each is a chain of short buffers that begin at exact times of one clock:
//
//   mixture       ├──2 s──┼──2 s──┼──2 s──┤
//   acapella      ├───────┼───────┼───────┤     a stem that was rendered again begins a new chain at `now + 80 ms`,
//   instrumental  ├───────┼───────┼───────┤     with all its buffers ready, and is faded in over the old one
import { Stem } from "./wav.js";

const CHUNK_S = 2, AHEAD_S = 4, FADE_S = 0.02, SOON_S = 0.08;
export const NAMES = ["mixture", "acapella", "instrumental"];

class Chain {
  constructor(player, stem, level) {
    Object.assign(this, { player, stem, next: 0, sources: new Set(), busy: false, over: false });
    this.gain = player.context.createGain();
    this.gain.gain.value = 0;
    this.gain.connect(level);
  }

  fade(to, at) {
    this.gain.gain.cancelScheduledValues(at);
    this.gain.gain.setValueAtTime(1 - to, at);
    this.gain.gain.linearRampToValueAtTime(to, at + FADE_S);
  }

  play(buffer, frame, startedAt, from) {
    const { context } = this.player;
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.gain);
    const at = startedAt + (frame - from) / this.stem.rate;
    const late = context.currentTime - at;
    if (late > 0) source.start(context.currentTime, late);
    else source.start(at);
    this.sources.add(source);
    source.onended = () => this.sources.delete(source);
  }

  end(at) {
    this.over = true;
    for (const source of this.sources) source.stop(at);
    setTimeout(() => this.gain.disconnect(), (at - this.player.context.currentTime) * 1000 + 300);
  }
}

export class Player extends EventTarget {
  #chains = new Map();
  #from = 0; // frame at which playing began
  #startedAt = 0; // time of the context's clock when it did
  #run = 0;
  constructor() {
    super();
    Object.assign(this, { context: null, stems: new Map(), playing: false, at: 0, loop: null, job: 0 });
    this.heard = { name: "acapella" };
    this.levels = Object.fromEntries(NAMES.map((name) => [name, { level: 1, muted: name !== "acapella", node: null }]));
  }

  get rate() {
    return [...this.stems.values()][0]?.rate ?? 44100;
  }

  get frames() {
    return [...this.stems.values()][0]?.frames ?? 0;
  }

  /** Where it is, in seconds. */
  get seconds() {
    if (!this.playing) return this.at;
    const now = this.#from / this.rate + Math.max(0, this.context.currentTime - this.#startedAt);
    if (this.loop && now >= this.loop[1]) return this.loop[0] + ((now - this.loop[0]) % (this.loop[1] - this.loop[0]));
    return Math.min(now, this.frames / this.rate);
  }

  async open(job) {
    this.pause();
    const opened = await Promise.all(NAMES.map((name) => Stem.open(job, name).catch(() => null)));
    Object.assign(this, { job, at: 0, loop: null });
    this.stems = new Map(opened.filter(Boolean).map((stem) => [stem.name, stem]));
    if (!this.stems.size) throw new Error("nothing to listen to");
    if (!this.stems.has(this.heard.name)) this.hear([...this.stems.keys()][0]);
    if (this.context && this.context.sampleRate !== this.rate) {
      this.context.close();
      this.context = null;
    }
  }

  /** From a click or a key: browsers want one before they make a sound. */
  play() {
    if (!this.stems.size || this.playing) return;
    this.context ??= new AudioContext({ sampleRate: this.rate });
    this.context.resume();
    for (const name of NAMES) this.#node(name);
    this.playing = true;
    this.#begin(this.at >= this.frames / this.rate - 0.01 ? 0 : this.at);
    this.dispatchEvent(new Event("change"));
  }

  pause() {
    if (!this.playing) return;
    this.at = this.seconds;
    this.playing = false;
    this.#stop();
    this.dispatchEvent(new Event("change"));
  }

  seek(seconds) {
    this.at = Math.min(Math.max(seconds, 0), this.frames / this.rate);
    if (!this.playing) return;
    this.#stop();
    this.#begin(this.at);
  }

  /** Hear this stem alone; at once, while playing. */
  hear(name) {
    this.heard.name = name;
    for (const other of NAMES) this.set(other, { muted: other !== name });
  }

  set(name, changes) {
    Object.assign(this.levels[name], changes);
    const { node, level, muted } = this.levels[name];
    node?.gain.setTargetAtTime(muted ? 0 : level, this.context.currentTime, 0.004);
    this.dispatchEvent(new Event("change"));
  }

  /** A stem was rendered again: swap it in without a gap. */
  async swap(name) {
    const stem = await Stem.open(this.job, name).catch(() => null);
    if (!stem || stem.version === this.stems.get(name)?.version) return;
    this.stems.set(name, stem);
    if (!this.playing) return;
    const old = this.#chains.get(name), run = this.#run, chain = new Chain(this, stem, this.levels[name].node);
    const first = Math.floor(this.seconds * stem.rate);
    const stop = Math.min(first + Math.round(CHUNK_S * 2 * stem.rate), stem.frames);
    const buffer = stop > first ? await stem.read(this.context, first, stop) : null;
    if (run !== this.#run || !this.playing) return;
    if (buffer) chain.play(buffer, first, this.#startedAt, this.#from);
    chain.next = stop;
    const at = this.context.currentTime + SOON_S;
    chain.fade(1, at);
    old?.fade(0, at);
    old?.end(at + FADE_S);
    this.#chains.set(name, chain);
    this.dispatchEvent(new Event("swap"));
  }

  #node(name) {
    const level = this.levels[name];
    if (level.node?.context === this.context) return;
    level.node = this.context.createGain();
    level.node.gain.value = level.muted ? 0 : level.level;
    level.node.connect(this.context.destination);
  }

  #begin(seconds) {
    this.#run++;
    this.#from = Math.round(seconds * this.rate);
    this.#startedAt = Infinity;
    this.at = seconds;
    const run = this.#run;
    const chains = [...this.stems].map(([name, stem]) => [name, new Chain(this, stem, this.levels[name].node)]);
    this.#chains = new Map(chains);
    const reads = chains.map(([, chain]) => this.#next(chain, this.#from));
    Promise.all(reads).then((read) => {
      if (run !== this.#run || !this.playing) return;
      this.#startedAt = this.context.currentTime + 0.03;
      chains.forEach(([, chain], index) => {
        if (read[index]) chain.play(read[index], this.#from, this.#startedAt, this.#from);
        chain.gain.gain.setValueAtTime(1, this.#startedAt);
      });
      this.#feed(run);
    }).catch((error) => this.#failed(error, run));
  }

  async #next(chain, frame) {
    const stop = Math.min(frame + Math.round(CHUNK_S * chain.stem.rate), chain.stem.frames);
    chain.next = stop;
    return stop > frame ? chain.stem.read(this.context, frame, stop) : null;
  }

  #feed(run) {
    if (run !== this.#run || !this.playing) return;
    const now = this.seconds;
    if (this.loop && this.#from / this.rate + this.context.currentTime - this.#startedAt >= this.loop[1]) return this.seek(this.loop[0]);
    if (now >= this.frames / this.rate) {
      this.pause();
      this.at = 0;
      return;
    }
    for (const chain of this.#chains.values()) {
      if (chain.busy || chain.over || chain.next >= chain.stem.frames || chain.next / chain.stem.rate > now + AHEAD_S) continue;
      chain.busy = true;
      const frame = chain.next;
      this.#next(chain, frame).then((buffer) => {
        chain.busy = false;
        if (run === this.#run && this.playing && !chain.over && buffer) chain.play(buffer, frame, this.#startedAt, this.#from);
      }).catch(() => (chain.busy = false, chain.next = frame));
    }
    setTimeout(() => this.#feed(run), this.loop ? 15 : 200);
  }

  #failed(error, run) {
    if (run !== this.#run) return;
    this.playing = false;
    this.dispatchEvent(new CustomEvent("fail", { detail: error.message }));
  }

  #stop() {
    this.#run++;
    for (const chain of this.#chains.values()) {
      const at = this.context.currentTime;
      chain.gain.gain.setTargetAtTime(0, at, 0.003);
      chain.end(at + 0.02);
    }
    this.#chains = new Map();
  }
}
