// The peer in JavaScript, as it comes, without its accounts, store and console.
const NodeMediaServer = require('node-media-server');
const [rtmp, http, store] = process.argv.slice(2);
const server = new NodeMediaServer({
  bind: '127.0.0.1',
  rtmp: { port: Number(rtmp) },
  http: { port: Number(http) },
  auth: { play: false, publish: false },
  store: { path: store },
  webadmin: { enable: false },
});
server.run();
