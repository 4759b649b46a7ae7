// Talks to dawbridge: requests, and the stream of events that connects itself again.
export const client = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export async function get(path, options = {}) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(await message(answer));
  return answer.json();
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

/** Streams events into `hear(message)`; `lost(true or false)` says whether the connection is lost. */
export class Events {
  #socket = null;
  #wait = 250;
  #next = 1;
  constructor(hear, lost) {
    this.hear = hear;
    this.lost = lost;
    this.open();
  }

  open() {
    const socket = new WebSocket(`ws://${location.host}/api/events?client=${client}`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#wait = 250;
      this.lost(false);
    };
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = () => {
      this.lost(true);
      setTimeout(() => this.open(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, 5000);
    };
  }

  /** Turn a knob without waiting; whether it could be sent. A refusal comes as a message of type error. */
  turn(address, value) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ id: this.#next++, address, arguments: [value] }));
    return true;
  }
}
