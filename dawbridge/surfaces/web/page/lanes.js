// The automation of the bounce that is open: its lanes over the waveform, with points that are dragged, added and deleted
// by hand or by keyboard; its takes; and where positions come from.
import { $, make } from "./dom.js";
import { command, get, send } from "./api.js";
import { strings } from "./strings.en.js";

const NEAR_PX = 9;

export class Lanes {
  #lanes = {};
  #name = "";
  #point = 0;
  #read = { job: 0, lanes: {} }; // as dawbridge has them; an edit of what another page changed meanwhile is refused
  #turn = Promise.resolve();
  #waiting = 0;
  constructor(player, picture, knobs) {
    Object.assign(this, { player, picture, knobs, focused: 0 });
    for (const [id, what] of [["record", "record"], ["stop-record", "stop"], ["clear-record", "clear"], ["undo-record", "undo"], ["redo-record", "redo"]]) {
      $(id).addEventListener("click", () => this.#do(() => this.#command(`/dawbridge/automation/${what}`)));
    }
    this.#zero();
    this.#byHand($("waveform"));
  }

  /** Read again what the bounce has. */
  async show() {
    if (!this.player.job) return;
    const { job } = this.player, found = await get(`/api/jobs/${job}/automation`);
    if (job !== this.player.job) return;
    if (!this.#waiting || job !== this.#read.job) {
      this.#lanes = found.lanes;
      this.#read = { job, lanes: structuredClone(found.lanes) };
    }
    if (!(this.#name in this.#lanes)) this.#name = Object.keys(this.#lanes)[0] ?? "";
    $("undo-record").disabled = !found.undoable;
    $("redo-record").disabled = !found.redoable;
    this.#fill();
    this.#takes(found.takes);
  }

  /** Where the playhead is, and who says so. */
  position({ position, recording }) {
    $("record").setAttribute("aria-pressed", String(recording));
    $("position").textContent = position ? strings.position(position.seconds, position.source, position.playing) : strings.noPosition;
  }

  zeroIs(seconds) {
    if (document.activeElement === $("zero-at") || document.activeElement === $("zero")) return;
    $("zero").value = seconds < 0 ? String(seconds) : "at";
    $("zero-at").hidden = seconds < 0;
    if (seconds >= 0) $("zero-at").value = seconds;
  }

  #zero() {
    const set = (seconds) => this.#do(() => command("/dawbridge/position/zero", seconds));
    $("zero").addEventListener("change", () => {
      $("zero-at").hidden = $("zero").value !== "at";
      set($("zero").value === "at" ? Number($("zero-at").value) : Number($("zero").value));
    });
    $("zero-at").addEventListener("change", () => $("zero-at").checkValidity() && set(Number($("zero-at").value)));
  }

  /** A command about the bounce in focus: that is the one that is open here. */
  async #command(address, ...values) {
    if (this.player.job && this.player.job !== this.focused) await command("/dawbridge/job/focus", this.player.job);
    return command(address, ...values);
  }

  async #do(act) {
    try {
      await act();
      $("listen-error").textContent = "";
    } catch (error) {
      $("listen-error").textContent = error.message;
      if (error.lost) return; // what was typed stays
    }
    await this.show().catch(() => {});
  }

  #put(lanes) {
    this.#lanes = lanes; // at once: the next point may come before the answer
    this.#draw();
    const read = this.#read;
    this.#waiting++;
    this.#turn = this.#turn.then(() => this.#do(async () => {
      try {
        if (read.isOver) return; // drawn on what was refused
        read.lanes = (await send("PUT", `/api/jobs/${read.job}/automation`, { lanes, before: read.lanes })).lanes;
      } catch (error) {
        read.isOver = !error.lost;
        if (read.isOver) this.#read = { job: 0, lanes: {} }; // read it again
        throw error;
      } finally {
        this.#waiting--;
      }
    }));
    return this.#turn;
  }

  get #points() {
    return this.#lanes[this.#name] ?? [];
  }

  #fill() {
    const choose = make("select", { id: "lane", onchange: () => {
      this.#name = choose.value;
      this.#point = 0;
      this.#fill();
    } }, make("option", { value: "", textContent: strings.none }), ...this.knobs.automatable().map((name) => make("option", {
      value: name, textContent: name.replaceAll("_", " ") + (name in this.#lanes ? ` (${this.#lanes[name].length})` : ""),
    })));
    choose.value = this.#name;
    $("lanes").replaceChildren(make("label", {}, `${strings.laneOf} `, choose), ...(this.#name ? this.#editor() : []));
    this.#draw();
  }

  #editor() {
    const points = this.#points, row = this.knobs.row(this.#name);
    this.#point = Math.min(this.#point, Math.max(points.length - 1, 0));
    const add = make("button", { type: "button", textContent: strings.addPoint, onclick: () => this.#add(this.player.seconds, row.raw) });
    if (!points.length) return [add];
    const choose = make("select", { "aria-label": strings.point, onchange: () => {
      this.#point = Number(choose.value);
      this.#fill();
    } }, ...points.slice(0, 500).map((_, index) => make("option", { value: index, textContent: strings.pointOf(index + 1, points.length) })));
    choose.value = this.#point;
    const number = (label, index, low, high) => {
      const input = make("input", { type: "number", required: true, step: "any", min: low, max: high, value: Number(points[this.#point][index].toFixed(3)), "aria-label": label, onchange: () => {
        if (!input.checkValidity()) return ($("listen-error").textContent = strings.refused(input.value, `${low}..${high}`));
        this.#set(this.#point, index ? points[this.#point][0] : Number(input.value), index ? Number(input.value) : points[this.#point][1]);
      } });
      return input;
    };
    return [choose, number(strings.at, 0, 0, Math.ceil(this.picture.length)), number(strings.value, 1, row.low, row.high), add,
      make("button", { type: "button", textContent: strings.deletePoint, onclick: () => this.#delete(this.#point) }),
      make("button", { type: "button", textContent: strings.lane, "aria-label": `${strings.lane}: ${this.#name}`, onclick: () => {
        const { [this.#name]: _gone, ...rest } = this.#lanes;
        this.#put(rest);
      } })];
  }

  #add(seconds, value) {
    const points = [...this.#points, [seconds, value]].sort((a, b) => a[0] - b[0]);
    this.#point = points.findIndex((point) => point[0] === seconds);
    return this.#put({ ...this.#lanes, [this.#name]: points });
  }

  #set(index, seconds, value) {
    const points = this.#points.map((point, at) => (at === index ? [seconds, value] : point)).sort((a, b) => a[0] - b[0]);
    this.#point = points.findIndex((point) => point[0] === seconds);
    return this.#put({ ...this.#lanes, [this.#name]: points });
  }

  #delete(index) {
    const points = this.#points.filter((_, at) => at !== index);
    const { [this.#name]: _gone, ...rest } = this.#lanes;
    return this.#put(points.length ? { ...rest, [this.#name]: points } : rest);
  }

  #draw() {
    const row = this.knobs.row(this.#name);
    this.picture.lane = row && this.#points.length ? { points: this.#points, low: row.low, high: row.high, chosen: this.#point } : null;
    this.picture.draw();
  }

  #takes(takes) {
    $("takes").hidden = !takes.length;
    const button = (what, { number }) => make("button", { type: "button", textContent: strings[`${what}Take`], "aria-label": `${strings[`${what}Take`]}: ${strings.take(number)}`, onclick: () => {
      if (what === "use" || confirm(strings.deleteTakeAsk(number))) this.#do(() => this.#command(`/dawbridge/take/${what}`, number));
    } });
    $("take-list").replaceChildren(...takes.map((take) => make("li", {},
      make("span", { textContent: `${strings.take(take.number)}: ${take.from_s.toFixed(1)}..${take.to_s.toFixed(1)} s, ${take.knobs.join(", ").replaceAll("_", " ")}` }),
      button("use", take), button("delete", take))));
  }

  /** Points are dragged; a double click adds one, or deletes the one that it hits. */
  #byHand(canvas) {
    let held = null;
    const wide = () => canvas.width / canvas.clientWidth, high = () => canvas.height / canvas.clientHeight;
    const placeOf = (event) => {
      const row = this.knobs.row(this.#name);
      const part = Math.min(Math.max(1 - (event.offsetY * high() - 2) / (canvas.height - 4), 0), 1);
      return [Math.min(Math.max(this.picture.at(event.offsetX / canvas.clientWidth), 0), this.picture.length), row.low + part * (row.high - row.low)];
    };
    const near = (event) => this.#points.findIndex((point) => {
      const [x, y] = this.picture.placeOf(point);
      return Math.hypot(x / wide() - event.offsetX, y / high() - event.offsetY) < NEAR_PX;
    });
    canvas.addEventListener("pointerdown", (event) => {
      const hit = this.#name ? near(event) : -1;
      if (hit < 0) return;
      event.stopImmediatePropagation();
      canvas.setPointerCapture(event.pointerId);
      held = { index: hit, before: this.#lanes[this.#name], moved: false };
      this.#point = hit;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      event.stopImmediatePropagation();
      held.moved = true;
      this.#lanes[this.#name] = held.before.map((point, at) => (at === held.index ? placeOf(event) : point));
      this.#draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!held) return;
      event.stopImmediatePropagation();
      const { index, moved, before } = held, [seconds, value] = this.#points[index];
      held = null;
      this.#lanes[this.#name] = before;
      if (moved) this.#set(index, seconds, value);
      else this.#fill();
    });
    canvas.addEventListener("pointercancel", () => {
      if (held) this.#lanes[this.#name] = held.before;
      held = null;
      this.#draw();
    });
    canvas.addEventListener("dblclick", (event) => {
      if (!this.#name) return;
      const hit = near(event);
      if (hit >= 0) this.#delete(hit);
      else this.#add(...placeOf(event));
    });
  }
}
