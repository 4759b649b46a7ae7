// UNTRIED: a skeleton for an extension of Ableton Live. It has never run in Live.
//
// What is known to work is `send`: it posts a rendered file to dawbridge, as any Node program can
// (`node send_clip.mjs clip.wav`). How an extension gets the clip's rendered file from Live has to be filled in, in
// `renderedClip`, from the documentation of the version of Live that you have.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const base = process.env.DAWBRIDGE ?? "http://127.0.0.1:9322";

/** Puts a file into the first watched folder; its stems come beside it. Returns the path that it got. */
export async function send(file) {
  const answer = await fetch(`${base}/api/upload/0/${encodeURIComponent(basename(file))}`, {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: await readFile(file),
  });
  const given = await answer.json();
  if (!answer.ok) throw new Error(given.error.message);
  return given.path;
}

/** The selected clip as an audio file. To be filled in. */
async function renderedClip() {
  throw new Error("fill in how your version of Live gives an extension the rendered clip");
}

console.log(await send(process.argv[2] ?? (await renderedClip())));
