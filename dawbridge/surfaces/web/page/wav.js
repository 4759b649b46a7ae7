// Samples of a stem by spans, over HTTP ranges: nothing is ever decoded whole.
const KEPT = 8, HALF = Math.SQRT1_2;
import { ask, get } from "./api.js";

export class Stem {
  constructor(job, name, layout) {
    Object.assign(this, { job, name, layout, rate: layout.rate_hz, frames: layout.frames, version: layout.version });
    this.kept = new Map(); // what was read last: a short loop asks for the same again and again
    this.url = `/api/jobs/${job}/audio/${name}?as=wav&v=${layout.version}`;
  }

  static async open(job, name) {
    return new Stem(job, name, await get(`/api/jobs/${job}/audio/${name}/layout`));
  }

  /** An AudioBuffer with the frames `start` to `stop`: mono or stereo, other layouts mixed down. */
  async read(context, start, stop) {
    const key = `${start}-${stop}`, known = this.kept.get(key);
    if (known) return known;
    const buffer = await this.#fetch(context, start, stop);
    this.kept.set(key, buffer);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return buffer;
  }

  async #fetch(context, start, stop) {
    const { header_bytes: head, frame_bytes: width, subtype, channels } = this.layout;
    const range = `bytes=${head + start * width}-${head + stop * width - 1}`;
    const view = new DataView(await (await ask(this.url, { headers: { Range: range } })).arrayBuffer());
    const buffer = context.createBuffer(Math.min(channels, 2), Math.floor(view.byteLength / width), this.rate);
    const sides = Array.from({ length: buffer.numberOfChannels }, (_, side) => buffer.getChannelData(side));
    if (channels <= 2) {
      sides.forEach((side, channel) => decode(view, side, channel, width, subtype));
      return buffer;
    }
    const one = new Float32Array(buffer.length);
    for (let channel = 0; channel < channels; channel++) {
      decode(view, one, channel, width, subtype);
      gains(channel, channels).forEach((gain, side) => {
        if (gain) for (let frame = 0; frame < one.length; frame++) sides[side][frame] += gain * one[frame];
      });
    }
    return buffer;
  }
}

/** How much of a channel goes to the left and to the right: left, right, then what is in the middle, then pairs. */
function gains(channel, channels) {
  if (channel < 2) return channel ? [0, 1] : [1, 0];
  if (channels >= 6 && channel === 3) return [0, 0]; // the subwoofer's
  const pairs = { 3: 3, 4: 2, 5: 3, 7: 5 }[channels] ?? 4;
  if (channel < pairs) return [HALF, HALF];
  return (channel - pairs) % 2 ? [0, HALF] : [HALF, 0];
}

function decode(view, out, channel, width, subtype) {
  const bytes = { PCM_16: 2, PCM_24: 3, FLOAT: 4 }[subtype];
  let place = channel * bytes;
  for (let frame = 0; frame < out.length; frame++, place += width) {
    if (subtype === "PCM_16") out[frame] = view.getInt16(place, true) / 32768;
    else if (subtype === "PCM_24") out[frame] = (view.getUint16(place, true) | (view.getInt8(place + 2) << 16)) / 8388608;
    else out[frame] = view.getFloat32(place, true);
  }
}
