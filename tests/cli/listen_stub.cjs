// Runs the page's script against stand-ins for the browser: node listen_stub.cjs SCRIPT
const fs = require("fs");
const assert = require("assert");

class Element {
  constructor() { this.listeners = {}; this.style = {}; this.attributes = {}; this.classes = new Set(); this.parts = {}; }
  get classList() {
    return { add: (name) => this.classes.add(name), toggle: (name, on) => this.classes[on ? "add" : "delete"](name) };
  }
  addEventListener(kind, hear) { (this.listeners[kind] ??= []).push(hear); }
  fire(kind, more) {
    const event = { target: this, currentTarget: this, preventDefault() {}, ...more };
    for (const hear of this.listeners[kind] ?? []) hear(event);
  }
  setAttribute(name, value) { this.attributes[name] = value; }
  querySelector(name) { return (this.parts[name] ??= new Element()); }
  getBoundingClientRect() { return { left: 0, top: 0, width: 1000, height: 100 }; }
}

const log = [];
let now = 10;
class Context {
  get currentTime() { return now; }
  resume() {}
  createGain() {
    const gain = { gain: { value: null, setTargetAtTime(value) { this.value = value; } }, connect() {} };
    log.push(["gain", gain]);
    return gain;
  }
  createBufferSource() {
    return { connect() {}, disconnect() {}, stop() { log.push(["stop"]); }, start: (at, from) => log.push(["start", at, from]) };
  }
  async decodeAudioData() { return {}; }
}
global.AudioContext = global.OfflineAudioContext = Context;
global.atob = () => "abc";
global.requestAnimationFrame = () => {};
const ids = {};
const tracks = [new Element(), new Element(), new Element()];
for (const track of tracks) track.querySelector("audio").src = "data:audio/mpeg;base64,AAAA";
global.document = new Element();
Object.assign(document, {
  getElementById: (id) => (ids[id] ??= new Element()),
  querySelectorAll: () => tracks,
  documentElement: new Element(),
});
ids.play = new Element();
ids.play.disabled = true;
const starts = () => log.filter(([what]) => what === "start");

(0, eval)(fs.readFileSync(process.argv[2], "utf8"));
setImmediate(() => {
  assert.equal(ids.play.disabled, false);
  ids.play.fire("click");
  assert.equal(starts().length, 3);
  assert.equal(new Set(starts().map((row) => row.join())).size, 1, "all tracks start at one instant");
  const gains = log.filter(([what]) => what === "gain").map((row) => row[1].gain);
  assert.deepEqual(gains.map((gain) => gain.value), [1, 0, 0]);
  now = 10.52;
  tracks[1].querySelector(".picture").fire("click", { clientX: 500, clientY: 20 });
  assert.deepEqual(gains.map((gain) => gain.value), [0, 1, 0]);
  document.fire("keydown", { key: "3" });
  assert.deepEqual(gains.map((gain) => gain.value), [0, 0, 1]);
  assert.equal(starts().length, 3, "to switch is to start nothing");
  assert.equal(tracks[2].querySelector(".choose").attributes["aria-pressed"], "true");
  tracks[0].querySelector(".picture").fire("click", { clientX: 497.5, clientY: 95 });
  assert.equal(starts().length, 6, "a click on the axis goes there");
  assert.deepEqual(gains.map((gain) => gain.value), [0, 0, 1], "and switches nothing");
  const [, , from] = starts()[5];
  const duration = Number(/DURATION_S = ([\d.]+)/.exec(fs.readFileSync(process.argv[2], "utf8"))[1]);
  assert.ok(Math.abs(from - duration / 2) < 1e-6);
  document.fire("keydown", { key: " ", target: { tagName: "BODY" } });
  assert.equal(ids.play.textContent, "Play");
  console.log("ok");
});
