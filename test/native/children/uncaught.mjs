/** Handlers that throw while somebody listens for uncaught exceptions. */
import { openUnixDatagram } from '#native';

const path = `\0holdfast-uncaught-${process.pid}`;
const events = [];
process.on('uncaughtException', (error, origin) => {
  events.push(`${origin}: ${error.message}`);
});
const socket = openUnixDatagram(
  { path },
  {
    onMessage(data) {
      events.push(`message ${data}`);
      process.nextTick(() => events.push(`tick of ${data}`));
      if (String(data) === 'last') setImmediate(finish);
      else throw new Error(`thrown at ${data}`);
    },
    onError() {},
  },
);
for (const text of ['first', 'second', 'last']) socket.send(Buffer.from(text), { path });

function finish() {
  socket.close();
  process.stdout.write(JSON.stringify(events));
}
