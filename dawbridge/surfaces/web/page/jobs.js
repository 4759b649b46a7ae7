// The list of jobs, and files that are dropped on the page.
import { $, clock, make, say } from "./dom.js";
import { command, get, send } from "./api.js";
import { strings } from "./strings.en.js";

const BUTTONS = {
  done: ["open", "focus", "rerender", "reveal", "retry", "forget"], failed: ["retry", "forget"], cancelled: ["retry", "forget"],
  stalled: ["accept", "forget"], settling: ["accept"], queued: ["cancel"], running: ["cancel"],
};

export class Jobs {
  #rows = new Map();
  #focus = 0;
  constructor(open) {
    this.open = open;
    $("more").addEventListener("click", () => this.more());
  }

  show(jobs) {
    const known = new Set(jobs.map((job) => job.id));
    const oldest = known.size ? Math.min(...known) : 0;
    for (const id of this.#rows.keys()) if (!known.has(id) && id >= oldest) this.remove(id);
    for (const job of [...jobs].reverse()) this.put(job);
    $("more").hidden = jobs.length < 50;
  }

  async more() {
    const before = Math.min(...this.#rows.keys());
    $("more-error").textContent = "";
    try {
      const jobs = await get(`/api/jobs?limit=200&before=${before}`);
      for (const job of jobs) this.put(job);
      $("more").hidden = jobs.length < 200;
    } catch (error) {
      $("more-error").textContent = error.message;
    }
  }

  get(id) {
    return this.#rows.get(id)?.job;
  }

  first() {
    return [...this.#rows.values()].map((row) => row.job).filter((job) => job.state === "done").sort((a, b) => b.id - a.id)[0];
  }

  remove(id) {
    this.#rows.get(id)?.item.remove();
    this.#rows.delete(id);
  }

  put(job) {
    if (job.removed) return this.remove(job.id);
    let row = this.#rows.get(job.id);
    if (!row) {
      row = { item: make("li"), job: null };
      this.#rows.set(job.id, row);
      const after = [...this.#rows.keys()].filter((id) => id < job.id).sort((a, b) => b - a)[0];
      $("job-list").insertBefore(row.item, after === undefined ? null : this.#rows.get(after).item);
    }
    const changed = row.job && (row.job.state !== job.state || row.job.message !== job.message);
    row.job = job;
    this.#fill(row, changed);
  }

  progress({ id, fraction, eta_s }) {
    const row = this.#rows.get(id);
    if (!row) return;
    Object.assign(row.job, { progress: fraction, eta_s });
    const bar = row.item.querySelector("progress");
    if (bar) bar.value = fraction;
    const left = row.item.querySelector(".left");
    if (left) left.textContent = eta_s === null ? "" : strings.left(eta_s);
  }

  focus(id) {
    if (id === this.#focus) return;
    const before = this.#rows.get(this.#focus);
    this.#focus = id;
    for (const row of [before, this.#rows.get(id)]) if (row) this.#fill(row, false);
  }

  #fill(row, changed) {
    const { job, item } = row;
    const facts = [
      job.rate_hz && `${job.rate_hz / 1000} kHz`, job.duration_s && clock(job.duration_s),
      job.null_db !== null && strings.nulls(job.null_db), job.seconds && strings.took(job.seconds), job.model, job.preset,
      job.bpm && `${job.bpm} bpm`, job.key, job.id === this.#focus && strings.focused,
    ].filter(Boolean);
    const kept = item.contains(document.activeElement) ? document.activeElement.dataset.what : "";
    item.setAttribute("aria-current", String(job.id === this.#focus));
    const state = make("span", { className: "state", textContent: strings.states[job.state] });
    state.dataset.state = job.state;
    item.replaceChildren(...[
      state,
      make("div", { className: "name", dir: "auto", textContent: job.name, title: job.file }),
      make("p", { className: "facts", textContent: facts.join(" · ") }),
      job.state === "running" ? make("progress", { max: 1, value: job.progress, "aria-label": job.name }) : null,
      job.state === "running" ? make("span", { className: "left facts" }) : null,
      job.message ? make("p", { className: "error", textContent: job.message }) : null,
      make("div", { className: "buttons" }, ...(BUTTONS[job.state] ?? []).map((what) => this.#button(job, what))),
    ].filter(Boolean));
    if (kept) item.querySelector(`[data-what="${kept}"]`)?.focus();
    if (changed && ["done", "failed", "stalled"].includes(job.state)) say(`${job.name}: ${strings.states[job.state]}`);
  }

  #button(job, what) {
    const button = make("button", {
      type: "button", className: what === "open" ? "" : "quiet", textContent: strings[what], "aria-label": `${strings[what]}: ${job.name}`,
      onclick: async () => {
        if (what === "open") return this.open(job.id);
        if (what === "forget" && !confirm(strings.forgetAsk)) return;
        try {
          if (what === "reveal") await send("POST", `/api/jobs/${job.id}/reveal`, {});
          else await command(`/dawbridge/job/${what}`, job.id);
        } catch (error) {
          button.closest("li").append(make("p", { className: "error", role: "alert", textContent: error.message }));
        }
      },
    });
    button.dataset.what = what;
    return button;
  }
}

/** Files come by the button or are dropped anywhere. */
export function uploads() {
  const input = $("file");
  input.addEventListener("change", async () => {
    await putAll([...input.files]);
    input.value = "";
  });
  $("upload").addEventListener("submit", (event) => event.preventDefault());
  $("upload-cancel").addEventListener("click", stopUploads);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("drop");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("drop"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("drop");
    putAll([...event.dataTransfer.files]);
  });
}

let turn = Promise.resolve(), waiting = [], request = null;

/** One file after the other; one that is refused is named, and the others go on. */
function putAll(files) {
  if (!waiting.length) $("upload-errors").replaceChildren();
  for (const file of files) {
    waiting.push(file);
    turn = turn.then(() => waiting.includes(file) && put(file)).catch((error) => $("upload-errors").append(make("p", { className: "error", textContent: `${file.name}: ${error.message}` }))).finally(() => {
      waiting = waiting.filter((other) => other !== file);
      $("upload-cancel").hidden = !waiting.length;
    });
  }
  $("upload-cancel").hidden = !waiting.length;
  return turn;
}

function stopUploads() {
  waiting = [];
  request?.abort();
  $("upload-cancel").hidden = true;
  $("upload-state").textContent = strings.uploadStopped;
}

function put(file) {
  return new Promise((resolve, reject) => {
    request = new XMLHttpRequest();
    const { upload } = request, sent = request;
    request.open("PUT", `/api/upload/${$("folder").value || 0}/${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    upload.onprogress = (event) => ($("upload-state").textContent = strings.uploading(file.name, event.total ? event.loaded / event.total : 1, waiting.length - 1));
    request.onerror = () => reject(new Error(strings.lost));
    request.onabort = () => resolve();
    request.onload = () => {
      if (sent.status !== 201) return reject(new Error(refusalOf(sent)));
      $("upload-state").textContent = strings.uploaded(JSON.parse(sent.responseText).name);
      resolve();
    };
    request.send(file);
  });
}

function refusalOf(answered) {
  try {
    return JSON.parse(answered.responseText).error.message;
  } catch {
    return `${answered.status} ${answered.statusText}`;
  }
}
