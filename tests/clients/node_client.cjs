// Subscribes, asks, sets, and prints what it hears. node node_client.cjs PORT OF_DAWBRIDGE PORT TO_HEAR_ON
const { Client, Server } = require("node-osc");
const [port, ear] = process.argv.slice(2).map(Number);
const client = new Client("127.0.0.1", port);
const server = new Server(ear, "127.0.0.1", () => {
  client.send("/dawbridge/subscribe", ear);
});
server.on("message", ([address, ...values]) => {
  console.log(address, ...values);
  if (address === "/dawbridge/subscribed") {
    client.send("/dawbridge/mask/strength", 0.25);
    client.send("/dawbridge/mask/strength");
    client.send("/dawbridge/mask/floor/raw", -30);
    client.send("/dawbridge/mask/flor");
  }
});
server.on("bundle", (bundle) => {
  const print = (element) =>
    element.elements ? element.elements.forEach(print) : console.log(...element.flat());
  bundle.elements.forEach(print);
});
