// Puts the page together.
import { $, clock, fillTexts, make, say } from "./dom.js";
import { command, Events, get, send } from "./api.js";
import { Compare } from "./compare.js";
import { Jobs, uploads } from "./jobs.js";
import { Knobs, PresetForm } from "./knobs.js";
import { Lanes } from "./lanes.js";
import { Picture } from "./picture.js";
import { NAMES, Player } from "./player.js";
import { strings } from "./strings.en.js";

fillTexts();
const player = new Player(), picture = new Picture(player), jobs = new Jobs((id) => open(id)), presets = new PresetForm();
const events = new Events(hear, (why) => {
  $("lost").hidden = !why;
  $("lost").textContent = why;
});
const knobs = new Knobs(events);
const lanes = new Lanes(player, picture, knobs), compare = new Compare(knobs);
window.dawbridge = { player, picture }; // for tests and for the curious
uploads();
stemButtons();
$("listen-name").textContent = strings.nothing;
$("keys").append(...strings.keys.flatMap(([key, what]) => [make("kbd", { textContent: key }), ` ${what}  `]));
$("explain").addEventListener("click", () => {
  const on = $("knob-list").classList.toggle("explained");
  $("explain").setAttribute("aria-pressed", String(on));
});

function hear(message) {
  switch (message.type) {
    case "snapshot":
      knobs.build(message.parameters);
      presets.list((message.presets ?? []).map((preset) => preset.name));
      if (message.jobs) jobs.show(message.jobs);
      if (message.state) state(message.state);
      knobs.sendWaiting();
      health().catch(() => {}); // the next snapshot asks again
      break;
    case "job":
      jobs.put(message);
      if (message.removed && message.id === player.job) forgotten();
      break;
    case "progress": jobs.progress(message); break;
    case "value": knobs.value(message); break;
    case "state": state({ ...message, state: message.busy }); break;
    case "position": lanes.position(message); break;
    case "notice": say(message.text); break;
    case "error": $("knob-error").textContent = message.message; break;
    case "peaks": if (message.id === player.job) picture.forgetPeaks(); break;
    case "preset": if (message.what === "list") presets.list(message.names); break;
    case "midi": if (message.what === "ended") say(message.reason); break;
    case "stems": stems(message);
  }
}

function state(now) {
  $("status").textContent = strings.status(now.state, now.queue);
  $("status").dataset.state = now.state;
  const folder = $("folder").value;
  $("folder").replaceChildren(...now.folders.map(({ path }, index) => make("option", { value: index, textContent: path })));
  if (folder) $("folder").value = folder;
  presets.state(now);
  jobs.focus(now.focus.id);
  knobs.learning(now.learn);
  lanes.focused = now.focus.id;
  lanes.position(now);
  lanes.zeroIs(now.zero);
}

async function open(id) {
  try {
    const job = jobs.get(id) ?? (await get(`/api/jobs/${id}`));
    $("listen-error").textContent = "";
    if (!(await player.open(id).finally(() => player.job === id && ($("listen-name").textContent = job.name)))) return; // another was opened meanwhile
    $("loop").setAttribute("aria-pressed", "false");
    $("seek").max = player.frames / player.rate;
    await picture.open(id);
    await show(player.heard.name);
    await lanes.show();
  } catch (error) {
    wrong(error);
    picture.draw();
  }
}

async function stems({ id }) {
  if (id !== player.job) return player.job ? undefined : open(id);
  await Promise.all(NAMES.map((name) => player.swap(name)));
  await show(player.heard.name);
  await lanes.show().catch(wrong);
}

/** The bounce that is open was removed, here or elsewhere. */
function forgotten() {
  const name = $("listen-name").textContent;
  player.close();
  picture.draw();
  $("listen-name").textContent = strings.nothing;
  $("listen-error").textContent = strings.forgotten(name);
}

const wrong = (error) => ($("listen-error").textContent = error.message);
const show = (name) => picture.show(name).catch(wrong);

function stemButtons() {
  NAMES.forEach((name, index) => {
    const choose = make("button", { type: "button", className: "choose", textContent: `${index + 1} ${strings[name]}`, onclick: () => hearStem(name) });
    const level = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 1, "aria-label": `${strings[name]}: ${strings.level}`, oninput: () => player.set(name, { level: Number(level.value) }) });
    const mute = make("button", { type: "button", className: "quiet", textContent: strings.mute, "aria-label": `${strings.mute}: ${strings[name]}`, onclick: () => player.set(name, { muted: !player.levels[name].muted }) });
    player.addEventListener("change", () => {
      choose.setAttribute("aria-pressed", String(player.heard.name === name));
      mute.setAttribute("aria-pressed", String(player.levels[name].muted));
    });
    const lane = make("span", { className: "stem" }, choose, mute, level);
    lane.dataset.stem = name;
    $("stems").append(lane);
  });
  player.hear("acapella");
}

function hearStem(name) {
  player.hear(name);
  show(name);
}

const toggle = () => (player.playing ? player.pause() : player.play());
$("play").addEventListener("click", toggle);
$("loop").addEventListener("click", () => {
  player.loop = player.loop ? null : [...picture.view];
  $("loop").setAttribute("aria-pressed", String(Boolean(player.loop)));
  picture.draw();
});
$("zoom-in").addEventListener("click", () => picture.zoom(0.5));
$("zoom-out").addEventListener("click", () => picture.zoom(2));
$("axis").addEventListener("change", () => picture.draw());
$("seek").addEventListener("input", () => seek(Number($("seek").value)));
player.addEventListener("change", () => {
  $("play").textContent = player.playing ? strings.pause : strings.play;
  if (player.playing) requestAnimationFrame(tick);
});
player.addEventListener("replaced", () => open(player.job));
player.addEventListener("fail", (event) => wrong({ message: event.detail }));

function seek(seconds) {
  player.seek(seconds);
  shown();
}

function shown() {
  const now = player.seconds;
  $("time").textContent = `${clock(now)} / ${clock(player.frames / player.rate)}`;
  $("seek").value = now;
  $("seek").setAttribute("aria-valuetext", clock(now));
  picture.follow();
}

function tick() {
  shown();
  if (player.playing) requestAnimationFrame(tick);
}

for (const id of ["spectrogram", "waveform"]) {
  let from = null;
  const place = (event) => picture.at(event.offsetX / $(id).clientWidth);
  $(id).addEventListener("pointerdown", (event) => {
    from = place(event);
    $(id).setPointerCapture(event.pointerId);
  });
  $(id).addEventListener("pointermove", (event) => {
    if (from === null || Math.abs(place(event) - from) < (picture.view[1] - picture.view[0]) / 50) return;
    player.loop = [Math.max(0, Math.min(from, place(event))), Math.min(picture.length, Math.max(from, place(event)))];
    $("loop").setAttribute("aria-pressed", String(Boolean(player.loop)));
    picture.draw();
  });
  $(id).addEventListener("pointerup", (event) => {
    if (from !== null && Math.abs(place(event) - from) < (picture.view[1] - picture.view[0]) / 50) seek(place(event));
    from = null;
  });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isFor(event.target, event.key)) return;
  const now = player.seconds;
  const act = {
    " ": toggle, 1: () => hearStem(NAMES[0]), 2: () => hearStem(NAMES[1]), 3: () => hearStem(NAMES[2]),
    ArrowLeft: () => seek(now - 5), ArrowRight: () => seek(now + 5), Home: () => seek(0), l: () => $("loop").click(), b: () => compare.swap(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  if (event.repeat && !event.key.startsWith("Arrow")) return; // a key that is held does it once
  act();
});

/** Whether a key means something to the control that has the focus. */
function isFor(element, key) {
  if (element.closest("select, textarea, input[type=text], input[type=number]")) return true;
  if (element.closest("button, input[type=checkbox], input[type=file]")) return key === " ";
  return Boolean(element.closest("input")) && key.length > 1;
}

async function health() {
  const now = await get("/api/health"), names = strings.healthNames;
  const folders = now.folders.map(({ path, away, free_bytes }) => (away ? strings.away(path) : strings.free(path, free_bytes)));
  const facts = [
    [names.version, now.version], [names.folders, folders.join("; ")], [names.surfaces, now.surfaces.join("; ")],
    [names.subscribers, now.subscribers.join(", ") || strings.none], [names.pages, now.pages],
    [names.pictures, strings.megabytes(now.pictures_bytes)], [names.ledger, now.ledger_trouble || strings.well],
    ...now.checks.map(({ ok, optional, name, text }) => {
      const kind = ok ? "ok" : optional ? "absent" : "wrong";
      return [name, `${strings[kind]}: ${text}`, kind];
    }),
  ];
  $("health-list").replaceChildren(...facts.flatMap(([name, text, kind]) => [make("dt", { textContent: name }), make("dd", { textContent: text, className: kind ?? "" })]));
}
