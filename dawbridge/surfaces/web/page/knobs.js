// Every parameter as a native range input, in step with OSC and MIDI; presets and their morph.
import { $, make } from "./dom.js";
import { client, command } from "./api.js";
import { strings } from "./strings.en.js";

const FINE = 0.001, WHEEL = 0.01;

export class Knobs {
  #knobs = new Map();
  #waiting = new Map();
  #isAsked = false;
  #held = null;
  constructor(events) {
    this.events = events;
  }

  build(rows) {
    const known = this.#knobs.size > 0;
    for (const row of rows) {
      if (!known) this.#group(row).append(this.#make(row));
      this.value(row);
    }
  }

  /** Knobs whose addresses begin alike are shown under one heading. */
  #group(row) {
    const title = strings.groups[row.address.split("/")[2]] ?? strings.estimate;
    const found = [...$("knob-list").children].find((one) => one.dataset.title === title);
    if (found) return found;
    const group = make("div", { className: "group" }, make("h3", { textContent: title }));
    group.dataset.title = title;
    $("knob-list").append(group);
    return group;
  }

  row(name) {
    return this.#knobs.get(name)?.row;
  }

  /** Names of the knobs that can move within a bounce. */
  automatable() {
    return [...this.#knobs.values()].map(({ row }) => row).filter((row) => row.stage === "render" && row.curve !== "switch").map((row) => row.name);
  }

  /** The values of all knobs of the sound, by name. */
  values() {
    return Object.fromEntries([...this.#knobs.values()].filter(({ row }) => row.stage !== "control").map(({ row }) => [row.name, row.raw]));
  }

  /** Address and wanted value of each knob that is not where `wanted` has it. */
  differing(wanted) {
    return Object.entries(wanted).filter(([name, raw]) => this.row(name).raw !== raw).map(([name, raw]) => [this.row(name).address, raw]);
  }

  /** A value from dawbridge. What this page turned itself, and the knob that is held, stay as the hand has them. */
  value({ name, position, raw, text, origin }) {
    const knob = this.#knobs.get(name);
    if (!knob) return;
    Object.assign(knob.row, { position, raw, text });
    knob.text.textContent = text;
    if (knob.input.type === "range") knob.input.setAttribute("aria-valuetext", text);
    if (document.activeElement !== knob.exact && !knob.unsent) knob.exact.value = Number(raw.toFixed(4));
    if (this.#waiting.has(knob.row.address)) return;
    if (origin === `page:${client}` && this.#held === name) return;
    if (knob.input.type === "checkbox") knob.input.checked = raw >= 0.5;
    else knob.input.value = position;
  }

  learning(target) {
    for (const [name, knob] of this.#knobs) {
      const on = target === name;
      knob.learn.setAttribute("aria-pressed", String(on));
      knob.learn.textContent = on ? strings.learning : strings.learn;
    }
  }

  #make(row) {
    const isSwitch = row.curve === "switch", id = `knob-${row.name}`;
    const step = row.curve === "steps" ? 1 / (row.high - row.low) : FINE;
    const input = isSwitch
      ? make("input", { id, type: "checkbox", onchange: () => this.#turn(row, input.checked ? 1 : 0) })
      : make("input", { id, type: "range", min: 0, max: 1, step, oninput: () => this.#turn(row, Number(input.value)) });
    const text = make("output", { "aria-live": "off" }), name = row.name.replaceAll("_", " ");
    text.setAttribute("for", id);
    input.setAttribute("aria-describedby", `${id}-help`);
    const exact = make("input", {
      type: "number", required: true, step: "any", min: row.low, max: row.high, "aria-label": `${name}: ${strings.exact} (${row.allowed})`,
      onchange: () => this.#exact(row, exact),
    });
    const learn = make("button", {
      type: "button", className: "quiet", textContent: strings.learn, "aria-label": `${strings.learn}: ${name}`, "aria-pressed": "false",
      onclick: () => this.#do(learn.getAttribute("aria-pressed") === "true" ? ["/dawbridge/midi/learn/cancel"] : ["/dawbridge/midi/learn", row.name]),
    });
    if (!isSwitch) {
      input.addEventListener("dblclick", () => this.#set(row, row.default_position));
      input.addEventListener("wheel", (event) => {
        if (document.activeElement !== input) return;
        event.preventDefault();
        this.#set(row, Number(input.value) - Math.sign(event.deltaY) * Math.max(step, WHEEL));
      }, { passive: false });
      input.addEventListener("pointerdown", () => (this.#held = row.name));
      input.addEventListener("pointerup", () => (this.#held = null));
    }
    const error = make("p", { className: "error", role: "alert" });
    this.#knobs.set(row.name, { row, input, text, exact, learn, error });
    const reset = make("button", { type: "button", className: "quiet", textContent: "↺", title: strings.reset, "aria-label": `${strings.reset}: ${name}`, onclick: () => this.#set(row, row.default_position) });
    const label = make("label", { for: id, textContent: name, title: row.help });
    const rows = isSwitch
      ? [make("div", { className: "row" }, input, label, text, learn)]
      : [make("div", { className: "row" }, label, text), make("div", { className: "row" }, input, exact, reset, learn)];
    return make("div", { className: "knob" }, ...rows,
      make("p", { className: "help", id: `${id}-help`, textContent: row.help }), error);
  }

  #set(row, position) {
    const { input } = this.#knobs.get(row.name);
    input.value = Math.min(Math.max(position, 0), 1);
    this.#turn(row, Number(input.value));
  }

  /** At most one message a frame for each knob: the newest. What cannot be sent waits until it can. */
  #turn(row, position) {
    this.#waiting.set(row.address, position);
    this.#knobs.get(row.name).error.textContent = "";
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#flush();
    });
  }

  #flush() {
    for (const [address, position] of this.#waiting) if (this.events.turn(address, position)) this.#waiting.delete(address);
  }

  /** The connection is there again: send what was turned and typed meanwhile. */
  sendWaiting() {
    this.#flush();
    for (const { row, exact, unsent } of this.#knobs.values()) if (unsent) this.#exact(row, exact);
  }

  async #exact(row, exact) {
    const knob = this.#knobs.get(row.name);
    knob.error.textContent = exact.checkValidity() ? "" : strings.refused(exact.value, row.allowed);
    if (knob.error.textContent) return;
    try {
      await command(`${row.address}/raw`, Number(exact.value));
      knob.unsent = false;
    } catch (refused) {
      knob.unsent = Boolean(refused.lost);
      knob.error.textContent = refused.lost ? strings.unsent : refused.message;
    }
  }

  async #do([address, ...values]) {
    $("knob-error").textContent = "";
    try {
      await command(address, ...values);
    } catch (refused) {
      $("knob-error").textContent = refused.message;
    }
  }
}

export class PresetForm {
  constructor() {
    const tell = (address, ...values) => command(address, ...values).then(() => (this.error.textContent = "")).catch((refused) => (this.error.textContent = refused.message));
    const choose = (label, address) => {
      const select = make("select", { onchange: () => select.value && tell(address, select.value) });
      return [make("label", {}, `${label} `, select), select];
    };
    const [load, current] = choose(strings.preset, "/dawbridge/preset");
    const [a, endA] = choose(strings.morphA, "/dawbridge/preset/a");
    const [b, endB] = choose(strings.morphB, "/dawbridge/preset/b");
    this.morph = make("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, oninput: () => this.#morph(tell) });
    this.name = make("input", { type: "text", maxLength: 40 });
    this.error = make("p", { className: "error", role: "alert" });
    Object.assign(this, { current, endA, endB });
    load.className = "wide";
    $("presets").append(load, make("div", { className: "ends" }, a, make("label", {}, `${strings.morph} `, this.morph), b),
      make("label", {}, `${strings.save} `, this.name), make("button", { type: "submit", textContent: strings.saveButton }), this.error);
    $("presets").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.name.value.trim(), isKnown = [...this.current.options].some((option) => option.value && option.value === name);
      if (!isKnown || confirm(strings.replaceAsk(name))) tell("/dawbridge/preset/save", name);
    });
  }

  /** One request at a time, the newest last: an older position must not arrive after a newer one. */
  async #morph(tell) {
    this.isTurned = true;
    if (this.isTelling) return;
    this.isTelling = true;
    while (this.isTurned) {
      this.isTurned = false;
      await tell("/dawbridge/preset/morph", Number(this.morph.value));
    }
    this.isTelling = false;
  }

  list(names) {
    for (const select of [this.current, this.endA, this.endB]) {
      const kept = select.value;
      select.replaceChildren(make("option", { value: "", textContent: strings.none }), ...names.map((name) => make("option", { value: name, textContent: name })));
      select.value = kept;
    }
  }

  state({ preset, morph }) {
    this.current.value = preset.name;
    this.endA.value = morph.a;
    this.endB.value = morph.b;
    if (document.activeElement !== this.morph) this.morph.value = morph.position;
  }
}
