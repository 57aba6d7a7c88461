import { createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A relay such as a provider of tunnels has: what comes to its public port goes to the program that has dialled in. */
export interface Relay {
  readonly address: string;
  /** The command of a custom tunnel through it. */
  readonly command: readonly string[];
  /** What the program is told as its address; default `address`. */
  announce(address: string): void;
  /** Lets requests wait for ever, as a provider does that has lost its way. */
  isStuck: boolean;
  close(): Promise<void>;
}

export async function openRelay(): Promise<Relay> {
  let control: Socket | undefined;
  let announced = '';
  let waiting: Socket[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const inner = createServer((socket) => {
    track(socket);
    socket.once('data', (bytes) => {
      if (bytes[0] === 0x63) {
        control = socket;
        socket.write(`address ${announced}\n`);
        socket.on('close', () => {
          if (control !== socket) return;
          control = undefined;
          for (const outside of waiting) outside.destroy();
        });
        return;
      }
      const outside = waiting.shift();
      if (!outside) return void socket.destroy();
      if (bytes.length > 1) outside.write(bytes.subarray(1));
      socket.pipe(outside).pipe(socket);
      socket.on('close', () => outside.destroy());
      outside.on('close', () => socket.destroy());
    });
  });
  const relay = {
    isStuck: false,
  };
  const outer = createServer((socket) => {
    track(socket);
    if (relay.isStuck) return;
    if (!control) return void socket.destroy();
    waiting.push(socket);
    socket.on('close', () => {
      waiting = waiting.filter((other) => other !== socket);
    });
    control.write('!');
  });
  const [innerPort, outerPort] = [await listen(inner), await listen(outer)];
  const address = `http://127.0.0.1:${outerPort}`;
  announced = address;
  const program = fileURLToPath(new URL('relay-client.js', import.meta.url));
  return Object.assign(relay, {
    address,
    command: [process.execPath, program, String(innerPort), '{port}'],
    announce(other: string) {
      announced = other;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([inner, outer].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
