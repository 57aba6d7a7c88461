import { Authority, type Credentials } from '../identity/authority.ts';
import { createServer, type Server, type ServerOptions } from '../server.ts';
import { FakeDatabase, FakeDatabases } from './fake-databases.fixture.ts';

export interface Host {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly authority: Authority;
  readonly databases: FakeDatabases;
  readonly database: FakeDatabase;
  readonly owner: Credentials;
  /** Errors that were nobody's mistake but the server's. */
  readonly reported: unknown[];
  ask(method: string, path: string, init?: { headers?: Record<string, string>; body?: string }): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** A server on a free port over fake databases, with one database `people`. */
export async function startHost(options: Partial<ServerOptions> = {}): Promise<Host> {
  const authority = await Authority.open({ keys: { name: 'key', load: async () => undefined, save: async () => {} } });
  const owner = await authority.mint({ subject: 'owner' });
  const databases = new FakeDatabases();
  const database = new FakeDatabase(0xc200_0000n, owner.identity);
  databases.byName.set('people', database);
  const reported: unknown[] = [];
  const report = (error: unknown) => reported.push(error);
  const server = createServer({ databases, authority, report, ...options });
  const port = await server.listen(0);
  const url = `http://127.0.0.1:${port}`;
  const ask: Host['ask'] = async (method, path, init = {}) => {
    const answer = await fetch(`${url}${path}`, { method, ...init });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  return { server, port, url, authority, databases, database, owner, reported, ask };
}
