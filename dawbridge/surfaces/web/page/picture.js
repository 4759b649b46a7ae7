// Spectrogram and waveform of what is heard, drawn by the daemon, for the part of the bounce that is in view.
import { $, clock } from "./dom.js";
import { get } from "./api.js";

const COLORS = { mixture: "#b6a2ff", acapella: "#fb8f6a", instrumental: "#4fcabf" };
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];
const SIDE = 256, KEPT = 200, RAMP_S = 0.05; // a knob that rested moves only shortly before its next point

export class Picture {
  #tiles = new Map();
  #peaks = new Map();
  #wanted = false;
  constructor(player) {
    Object.assign(this, { player, job: 0, stem: "acapella", grids: {}, view: [0, 1], lane: null });
    for (const canvas of [$("spectrogram"), $("waveform")]) new ResizeObserver(() => this.#fit(canvas)).observe(canvas);
  }

  /** As many pixels as the screen has, within reason. */
  #fit(canvas) {
    const scale = Math.min(devicePixelRatio, 2), width = Math.min(Math.round(canvas.clientWidth * scale), 4096);
    if (!width || canvas.width === width) return;
    Object.assign(canvas, { width, height: Math.round(canvas.clientHeight * scale) });
    this.draw();
  }

  get length() {
    return this.player.frames / this.player.rate || 1;
  }

  async open(job) {
    Object.assign(this, { job, grids: {}, view: [0, this.length] });
    this.#tiles.clear();
    this.#peaks.clear();
    await this.show(this.stem);
  }

  async show(stem) {
    this.stem = stem;
    if (!this.player.stems.has(stem)) return;
    const version = this.player.stems.get(stem).version;
    if (this.grids[stem]?.version !== version) this.grids[stem] = await get(`/api/jobs/${this.job}/spectrogram/${stem}`);
    this.draw();
  }

  zoom(factor) {
    const middle = this.player.seconds, width = Math.min(Math.max((this.view[1] - this.view[0]) * factor, 0.5), this.length);
    const start = Math.min(Math.max(middle - width / 2, 0), this.length - width);
    this.view = [start, start + width];
    this.draw();
  }

  /** Seconds at a horizontal place 0..1 of the pictures. */
  at(place) {
    return this.view[0] + place * (this.view[1] - this.view[0]);
  }

  draw() {
    if (this.#wanted) return;
    this.#wanted = true;
    requestAnimationFrame(() => {
      this.#wanted = false;
      this.#spectrogram();
      this.#waveform();
    });
  }

  /** The playhead moved. */
  follow() {
    const now = this.player.seconds, [start, stop] = this.view, width = stop - start;
    if (width < this.length && (now < start || now > stop)) {
      const first = Math.min(Math.max(now - width * 0.1, 0), this.length - width);
      this.view = [first, first + width];
    }
    this.draw();
  }

  #spectrogram() {
    const canvas = $("spectrogram"), paper = canvas.getContext("2d"), grid = this.grids[this.stem];
    paper.fillStyle = "#000004";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    if (!grid) return;
    const [start, stop] = this.view, pixel_s = (stop - start) / canvas.width;
    const level = grid.levels.find((one) => one.column_s >= pixel_s / 1.5) ?? grid.levels.at(-1);
    const tile_s = level.column_s * SIDE;
    for (let tile = Math.floor(start / tile_s); tile < Math.min(level.tiles, Math.ceil(stop / tile_s)); tile++) {
      const image = this.#tile(grid, level.level, tile);
      if (image.complete && image.naturalWidth) {
        paper.drawImage(image, ((tile * tile_s - start) / (stop - start)) * canvas.width, 0, (tile_s / (stop - start)) * canvas.width, canvas.height);
      }
    }
    this.#ruler(paper, canvas, grid);
    this.#head(paper, canvas);
  }

  /** Frequencies at the left, times at the bottom. */
  #ruler(paper, { width, height }, { highest_hz: highest, lowest_hz: lowest }) {
    const scale = width / $("spectrogram").clientWidth, [start, stop] = this.view;
    paper.font = `${11 * scale}px system-ui, sans-serif`;
    paper.textBaseline = "middle";
    const note = (text, x, y) => {
      paper.lineWidth = 3 * scale;
      paper.strokeStyle = "#08060b";
      paper.strokeText(text, x, y);
      paper.fillStyle = "#e9e4f0";
      paper.fillText(text, x, y);
    };
    const log = $("axis").value === "log";
    for (const hz of log ? [100, 300, 1000, 3000, 10000] : [5000, 10000, 15000, 20000]) {
      const part = log ? Math.log(hz / lowest) / Math.log(highest / lowest) : hz / highest;
      if (part < 0.97) note(hz < 1000 ? `${hz}` : `${hz / 1000}k`, 4 * scale, (1 - part) * height);
    }
    const step = STEPS_S.find((seconds) => ((stop - start) / seconds) * 70 * scale < width) ?? STEPS_S.at(-1);
    for (let at = Math.ceil(start / step) * step; at < stop; at += step) {
      const x = ((at - start) / (stop - start)) * width;
      if (x > 40 * scale && x < width - 40 * scale) note(step < 1 ? clock(at) : clock(at).slice(0, -2), x, height - 8 * scale);
    }
  }

  #tile(grid, level, tile) {
    const url = `/api/jobs/${this.job}/spectrogram/${this.stem}/${$("axis").value}/${level}/${tile}.png?v=${grid.version}`;
    let image = this.#tiles.get(url);
    if (!image) {
      image = new Image();
      image.onload = () => this.draw();
      image.onerror = () => setTimeout(() => this.#tiles.delete(url), 2000);
      image.src = url;
      this.#tiles.set(url, image);
      if (this.#tiles.size > KEPT) this.#tiles.delete(this.#tiles.keys().next().value);
    }
    return image;
  }

  #waveform() {
    const canvas = $("waveform"), paper = canvas.getContext("2d"), { width, height } = canvas;
    paper.fillStyle = "#000004";
    paper.fillRect(0, 0, width, height);
    const stem = this.player.stems.get(this.stem);
    if (!stem) return;
    const peaks = this.#peaksOf(stem, Math.min(width, 2000));
    paper.fillStyle = COLORS[this.stem];
    const wide = peaks ? width / peaks.max.length : 1;
    for (let x = 0; peaks && x < peaks.max.length; x++) {
      const top = ((1 - peaks.max[x]) / 2) * height, bottom = ((1 - peaks.min[x]) / 2) * height;
      paper.fillRect(x * wide, top, wide, Math.max(bottom - top, 1));
    }
    this.#lane(paper, canvas);
    const { loop } = this.player;
    if (loop) {
      const x = (seconds) => ((seconds - this.view[0]) / (this.view[1] - this.view[0])) * width;
      paper.fillStyle = "rgba(255, 255, 255, 0.2)";
      paper.fillRect(x(loop[0]), 0, x(loop[1]) - x(loop[0]), height);
    }
    this.#head(paper, canvas);
  }

  #peaksOf(stem, points) {
    const frames = this.view.map((seconds) => Math.round(seconds * stem.rate));
    const [start, stop] = [Math.max(frames[0], 0), Math.min(Math.max(frames[1], frames[0] + 1), stem.frames)];
    const key = `${stem.name} ${stem.version} ${start} ${stop}`;
    if (!this.#peaks.has(key)) {
      this.#peaks.set(key, null);
      get(`/api/jobs/${this.job}/peaks/${stem.name}?points=${points}&start=${start}&stop=${stop}&v=${stem.version}`).then((found) => {
        this.#peaks.set(key, found);
        if (this.#peaks.size > 50) this.#peaks.delete(this.#peaks.keys().next().value);
        this.draw();
      }).catch(() => setTimeout(() => this.#peaks.delete(key), 2000));
    }
    return this.#peaks.get(key);
  }

  /** Exact peaks of a long bounce are there now. */
  forgetPeaks() {
    this.#peaks.clear();
    this.draw();
  }

  #lane(paper, { width }) {
    if (!this.lane) return;
    paper.strokeStyle = "#ffffff";
    paper.lineWidth = 2;
    paper.beginPath();
    const places = this.lane.points.map((point) => this.placeOf(point));
    places.forEach(([x, y], index) => {
      const rests = index && this.lane.points[index][0] - this.lane.points[index - 1][0] > RAMP_S;
      if (!index) paper.moveTo(0, y);
      else if (rests) paper.lineTo(x, places[index - 1][1]);
      paper.lineTo(x, y);
    });
    paper.lineTo(width, places.at(-1)[1]);
    paper.stroke();
    places.forEach(([x, y], index) => {
      paper.fillStyle = index === this.lane.chosen ? "#fcfdbf" : "#ffffff";
      const size = index === this.lane.chosen ? 6 : 4;
      paper.fillRect(x - size, y - size, 2 * size, 2 * size);
    });
  }

  /** Where a point of the lane is in the waveform's canvas. */
  placeOf([seconds, value]) {
    const { width, height } = $("waveform"), { low, high } = this.lane;
    return [((seconds - this.view[0]) / (this.view[1] - this.view[0])) * width, height - ((value - low) / (high - low)) * (height - 4) - 2];
  }

  #head(paper, { width, height }) {
    paper.fillStyle = "#ffffff";
    paper.fillRect(((this.player.seconds - this.view[0]) / (this.view[1] - this.view[0])) * width - 1, 0, 2, height);
  }
}
