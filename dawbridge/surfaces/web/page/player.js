// Plays three stems sample by sample together. Each is a chain of short buffers that begin at exact times of one clock:
//
//   mixture       ├──2 s──┼──2 s──┼──2 s──┤
//   acapella      ├───────┼───────┼───────┤     a stem that was rendered again begins a new chain at `now + 80 ms`,
//   instrumental  ├───────┼───────┼───────┤     with its buffers ready, and is faded in over the old one
//
import { strings } from "./strings.en.js";
import { Chain, contextAt, FADE_S, Span } from "./chain.js";
import { Stem } from "./wav.js";

const CHUNK_S = 2, AHEAD_S = 4, SOON_S = 0.08, LEAST_LOOP_S = 0.1, REST_MS = 120;
export const NAMES = ["mixture", "acapella", "instrumental"];

export class Player extends EventTarget {
  #chains = new Map();
  #span = null;
  #loop = null;
  #resting = 0; // timer of a loop that is being dragged
  #tickets = {}; // of what is asked for, so that an older answer cannot overtake a newer one
  constructor() {
    super();
    Object.assign(this, { context: null, stems: new Map(), playing: false, at: 0, job: 0 });
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
    if (!this.playing || !this.#span) return this.at;
    return Math.min(this.#span.place(this.#elapsed * this.rate), this.frames) / this.rate;
  }

  /** The region that is played round and round, `[from, to]` in seconds; null: none. */
  get loop() {
    return this.#loop;
  }

  set loop(region) {
    this.#loop = region && region[1] - region[0] >= LEAST_LOOP_S ? region : null;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#turn(), REST_MS);
  }

  async open(job) {
    const ticket = this.#ticket("open");
    this.pause();
    const opened = await Promise.all(NAMES.map((name) => Stem.open(job, name).catch(() => null)));
    if (ticket !== this.#tickets.open) return false;
    Object.assign(this, { job, at: 0 });
    this.#loop = null;
    this.stems = new Map(opened.filter(Boolean).map((stem) => [stem.name, stem]));
    if (!this.stems.size) throw new Error(strings.noSound);
    if (!this.stems.has(this.heard.name)) this.hear([...this.stems.keys()][0]);
    if (this.context && this.context.sampleRate !== this.rate) {
      this.context.close();
      this.context = null;
    }
    return true;
  }

  /** What was open is gone. */
  close() {
    this.#ticket("open");
    this.pause();
    Object.assign(this, { job: 0, at: 0, stems: new Map() });
    this.#loop = null;
  }

  /** From a click or a key: browsers want one before they make a sound. */
  play() {
    if (!this.frames || this.playing) return;
    this.context ??= contextAt(this.rate, () => this.pause());
    this.context.resume().catch(() => {}); // closed meanwhile: another bounce was opened
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
    const ticket = this.#ticket(name), { job } = this;
    const stem = await Stem.open(job, name).catch(() => null);
    if (ticket !== this.#tickets[name] || job !== this.job || !stem || stem.version === this.stems.get(name)?.version) return;
    if (this.stems.size && (stem.rate !== this.rate || stem.frames !== this.frames)) return void this.dispatchEvent(new Event("replaced"));
    this.stems.set(name, stem);
    if (this.playing && this.#span) await this.#exchange(name, stem);
  }

  get #elapsed() {
    return Math.max(0, this.context.currentTime - this.#span.startedAt);
  }

  #ticket(what) {
    return (this.#tickets[what] = (this.#tickets[what] ?? 0) + 1);
  }

  #node(name) {
    const level = this.levels[name];
    if (level.node?.context === this.context) return;
    level.node = this.context.createGain();
    level.node.gain.value = level.muted ? 0 : level.level;
    level.node.connect(this.context.destination);
  }

  #spanFrom(frame, startedAt) {
    return new Span(frame, startedAt, this.frames, this.#loop?.map((seconds) => Math.round(seconds * this.rate)));
  }

  #begin(seconds) {
    this.at = seconds;
    const span = this.#spanFrom(Math.round(seconds * this.rate), Infinity);
    this.#span = span;
    const chains = [...this.stems].map(([name, stem]) => [name, new Chain(this, stem, this.levels[name].node, span)]);
    this.#chains = new Map(chains);
    Promise.all(chains.map(([, chain]) => this.#next(chain, span))).then((read) => {
      if (span !== this.#span) return;
      span.startedAt = this.context.currentTime + 0.03;
      chains.forEach(([, chain], index) => {
        if (read[index]) chain.play(read[index], 0, span);
        chain.gain.gain.setValueAtTime(1, span.startedAt);
      });
      this.#feed(span);
    }).catch((error) => this.#failed(error, span));
  }

  /** The loop was changed while it plays: go on from here, with what follows as the loop has it now. */
  #turn() {
    if (!this.playing || !this.#span || this.#span.startedAt === Infinity) return;
    const now = this.context.currentTime, here = this.#span.place(Math.round(this.#elapsed * this.rate));
    this.#span = this.#spanFrom(here, now);
    for (const [name, stem] of this.stems) this.#exchange(name, stem);
    this.#feed(this.#span);
  }

  /** Begin a new chain where it plays now, fade it in over the old one. */
  async #exchange(name, stem) {
    const span = this.#span, chain = new Chain(this, stem, this.levels[name].node, span);
    const isStale = () => span !== this.#span || !this.playing || this.stems.get(name) !== stem;
    if (span.startedAt === Infinity) return void this.seek(this.at); // it has only just begun
    chain.next = Math.floor(this.#elapsed * stem.rate);
    try {
      for (let ready = 0; ready < 2 && span.left(chain.next) > 0; ready++) {
        const u = chain.next, buffer = await this.#next(chain, span);
        if (isStale()) return chain.end(this.context.currentTime);
        chain.play(buffer, u, span);
      }
    } catch {
      chain.end(this.context.currentTime); // replaced again by now: the next swap brings it
      if (!isStale() && this.#chains.get(name)?.span !== span) this.seek(this.seconds); // the old one knows another loop
      return;
    }
    const at = this.context.currentTime + SOON_S, old = this.#chains.get(name);
    chain.fade(1, at);
    old?.fade(0, at);
    old?.end(at + FADE_S);
    this.#chains.set(name, chain);
    this.dispatchEvent(new Event("swap"));
  }

  async #next(chain, span) {
    const first = span.place(chain.next), count = Math.min(Math.round(CHUNK_S * chain.stem.rate), span.left(chain.next));
    if (count <= 0) return null;
    chain.next += count;
    return chain.stem.read(this.context, first, first + count);
  }

  async #fill(chain, span) {
    if (chain.span !== span || chain.busy || performance.now() < chain.waitsUntil) return;
    chain.busy = true;
    let u = chain.next;
    try {
      const isWanted = () => span === this.#span && this.playing && !chain.over;
      while (isWanted() && span.left(chain.next) > 0 && chain.next / chain.stem.rate < this.#elapsed + AHEAD_S) {
        u = chain.next;
        const buffer = await this.#next(chain, span);
        chain.failures = 0;
        if (isWanted()) chain.play(buffer, u, span);
      }
    } catch (error) {
      chain.next = u;
      if (chain.failed(error)) this.#failed(new Error(strings.noSound), span);
    }
    chain.busy = false;
  }

  #feed(span) {
    if (span !== this.#span || !this.playing) return;
    if (!span.loop && this.seconds >= this.frames / this.rate) {
      this.pause();
      this.at = 0;
      return;
    }
    for (const chain of this.#chains.values()) this.#fill(chain, span);
    setTimeout(() => this.#feed(span), 200);
  }

  #failed(error, span) {
    if (span !== this.#span) return;
    this.pause();
    this.dispatchEvent(new CustomEvent("fail", { detail: error.message }));
  }

  #stop() {
    this.#span = null;
    for (const chain of this.#chains.values()) {
      const at = this.context.currentTime;
      chain.gain.gain.setTargetAtTime(0, at, 0.003);
      chain.end(at + 0.02);
    }
    this.#chains = new Map();
  }
}
