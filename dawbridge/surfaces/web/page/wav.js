// Samples of a stem by spans, over HTTP ranges: nothing is ever decoded whole.
import { get } from "./api.js";

export class Stem {
  constructor(job, name, layout) {
    Object.assign(this, { job, name, layout, rate: layout.rate_hz, frames: layout.frames, version: layout.version });
    this.url = `/api/jobs/${job}/audio/${name}?as=wav&v=${layout.version}`;
  }

  static async open(job, name) {
    return new Stem(job, name, await get(`/api/jobs/${job}/audio/${name}/layout`));
  }

  /** An AudioBuffer of at most two channels with the frames `start` to `stop`. */
  async read(context, start, stop) {
    const { header_bytes: head, frame_bytes: width, subtype, channels } = this.layout;
    const range = `bytes=${head + start * width}-${head + stop * width - 1}`;
    const answer = await fetch(this.url, { headers: { Range: range } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const view = new DataView(await answer.arrayBuffer());
    const frames = Math.floor(view.byteLength / width);
    const heard = Math.min(channels, 2);
    const buffer = context.createBuffer(heard, frames, this.rate);
    for (let channel = 0; channel < heard; channel++) decode(view, buffer.getChannelData(channel), channel, width, subtype);
    return buffer;
  }
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
