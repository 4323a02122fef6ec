/** A program for a host of the lab: a TCP service on all of its addresses that sends back what it gets. */
import { createServer } from 'node:net';
import { tcpPort } from './tcp-protocol.ts';

createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {}); // the client went away
  socket.pipe(socket);
}).listen(tcpPort, '0.0.0.0', () => process.stdout.write('listening\n'));
