// Two settings of all knobs, kept here, and heard against each other.
import { $ } from "./dom.js";
import { command } from "./api.js";
import { strings } from "./strings.en.js";

export class Compare {
  #kept = { A: null, B: null };
  #heard = "";
  constructor(knobs) {
    this.knobs = knobs;
    for (const side of ["A", "B"]) {
      $(`keep-${side}`).textContent = strings.keep(side);
      $(`keep-${side}`).addEventListener("click", () => {
        this.#kept[side] = knobs.values();
        this.#heard = side;
        this.#show();
      });
    }
    $("swap").addEventListener("click", () => this.swap());
    this.#show();
  }

  /** Hear the other one. */
  async swap() {
    const other = this.#heard === "A" ? "B" : "A", wanted = this.#kept[other];
    if (!wanted || !this.#kept[this.#heard]) return;
    this.#heard = other;
    this.#show();
    try {
      for (const [address, raw] of this.knobs.differing(wanted)) await command(`${address}/raw`, raw);
      $("knob-error").textContent = "";
    } catch (error) {
      $("knob-error").textContent = error.message;
    }
  }

  #show() {
    const both = this.#kept.A && this.#kept.B;
    $("swap").disabled = !both;
    $("swap").textContent = strings.hearOther(both ? (this.#heard === "A" ? "B" : "A") : "");
    for (const side of ["A", "B"]) $(`keep-${side}`).setAttribute("aria-pressed", String(this.#heard === side));
  }
}
