import { request } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Opens the streams of a container that waits to be started, before it is. Not by dockerode, which sends the options as a
 * body too: Podman hands that to the program as its input.
 */
export function attach(socketPath: string, containerId: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath,
      method: 'POST',
      path: `/containers/${containerId}/attach?stream=1&stdin=1&stdout=1&stderr=1`,
      headers: { connection: 'Upgrade', upgrade: 'tcp', 'content-length': 0 },
    });
    asked.once('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('response', (response) => {
      response.resume();
      reject(new Error(`the engine attached nothing to the container (${response.statusCode})`));
    });
    asked.once('error', reject);
    asked.end();
  });
}
