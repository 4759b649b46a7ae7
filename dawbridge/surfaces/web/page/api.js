// Talks to dawbridge: requests, and the stream of events that connects itself again.
import { strings } from "./strings.en.js";

export const client = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The answer. Raises an error with what dawbridge says against it, or, with `lost` set, that nobody answers. */
export const get = async (path, options = {}) => (await ask(path, options)).json();

/** The same, as it comes. */
export async function ask(path, options = {}) {
  const answer = await fetch(path, options).catch(() => {
    throw Object.assign(new Error(strings.lost), { lost: true });
  });
  if (!answer.ok) throw Object.assign(new Error(await message(answer)), { status: answer.status });
  return answer;
}

async function message(answer) {
  try {
    return (await answer.json()).error.message;
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
}

export async function send(method, path, body) {
  const headers = { "Content-Type": "application/json", "X-Dawbridge-Client": client };
  return get(path, { method, headers, body: JSON.stringify(body) });
}

export const command = (address, ...values) => send("POST", "/api/command", { address, arguments: values });

const SILENCE_MS = 25_000; // dawbridge says something every ten seconds

/** Streams events into `hear(message)`; `lost(why)` says why there is no connection, and is empty if there is one. */
export class Events {
  #socket = null;
  #wait = 250;
  #next = 1;
  #heard = 0;
  #timer = 0;
  constructor(hear, lost) {
    this.hear = hear;
    this.lost = lost;
    this.open();
    setInterval(() => this.#look(), 5000);
    addEventListener("online", () => this.#again());
    document.addEventListener("visibilitychange", () => document.hidden || this.#look());
  }

  open() {
    const socket = new WebSocket(`ws://${location.host}/api/events?client=${client}`);
    let opened = false;
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => {
      opened = true;
      this.#wait = 250;
      this.lost("");
    };
    socket.onmessage = (event) => {
      this.#heard = performance.now();
      this.hear(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#closed(opened);
    };
  }

  /** Turn a knob without waiting; whether it could be sent. A refusal comes as a message of type error. */
  turn(address, value) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ id: this.#next++, address, arguments: [value] }));
    return true;
  }

  /** A network that went away closes nothing: who hears nothing for long begins anew. */
  #look() {
    if (performance.now() - this.#heard < SILENCE_MS) return;
    this.#again();
  }

  #again() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.open();
    socket.close();
  }

  async #closed(opened) {
    this.lost(strings.lost);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, 5000);
    if (opened) return;
    const refused = await get("/api/events").catch((error) => error); // a socket does not say why it was refused
    if ([401, 503].includes(refused.status) && this.#socket.readyState !== WebSocket.OPEN) this.lost(refused.status === 401 ? strings.restarted : refused.message);
  }
}
