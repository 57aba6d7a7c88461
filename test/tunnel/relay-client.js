// The program of a tunnel of the tests' own: dials out to a relay and leads what comes there to a port of this machine.
//   relay-client.js <port of the relay> <port here>
import { connect } from 'node:net';

const [relayPort, localPort] = process.argv.slice(2).map(Number);
const control = connect(relayPort, '127.0.0.1', () => control.write('c'));
control.on('data', (bytes) => {
  const text = bytes.toString();
  const address = /^address (\S+)\n/.exec(text)?.[1];
  if (address) console.log(`the relay gives \u001b[1m${address}\u001b[0m`);
  for (const _ of text.match(/!/g) ?? []) join();
});
control.on('close', () => process.exit(3));
control.on('error', (error) => console.error(`the relay is away: ${error.message}`));

function join() {
  const outside = connect(relayPort, '127.0.0.1', () => outside.write('d'));
  const inside = connect(localPort, '127.0.0.1');
  outside.pipe(inside).pipe(outside);
  outside.on('error', () => inside.destroy());
  inside.on('error', () => outside.destroy());
}
