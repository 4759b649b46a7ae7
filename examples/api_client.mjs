// Turn a knob of a running `dawbridge watch FOLDER` and list its jobs. Node 18 or newer, or any browser's console on the page.
//
// node api_client.mjs mask/depth 0.5

const base = process.env.DAWBRIDGE ?? "http://127.0.0.1:9322";

async function ask(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const given = await answer.json();
  if (!answer.ok) throw new Error(given.error.message);
  return given;
}

try {
  const [knob, position] = process.argv.slice(2);
  if (knob) {
    await ask("POST", "/api/command", { address: `/dawbridge/${knob}`, arguments: position ? [Number(position)] : [] });
    const { reply } = await ask("POST", "/api/command", { address: `/dawbridge/${knob}/str`, arguments: [] });
    console.log(`/dawbridge/${knob}: ${reply[0]}`);
  }
  for (const job of await ask("GET", "/api/jobs?limit=10")) console.log(`${job.id} ${job.state} ${job.name}`);
} catch (error) {
  console.error(error.cause ? `${base}: ${error.cause.message}; is dawbridge running?` : error.message);
  process.exitCode = 1;
}
