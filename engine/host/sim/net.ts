import { assert } from '../../errors.ts';
import type { Admission, Listener, Net, Service, SocketRequest } from '../net.ts';
import { type Caller, SimConnection } from './connection.ts';
import type { Dice } from './dice.ts';

/**
 * A network in memory. Each message waits until `turn` delivers it: in order on its connection, in any order among
 * connections. A connection can be slow or break at any moment; which, and when, follows from the dice.
 */
export class SimNet implements Net {
  readonly #dice: Dice;
  readonly #connections = new Set<SimConnection>();
  #service: Service | undefined;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Connections that at least one side still knows of. */
  get connections(): readonly SimConnection[] {
    return [...this.#connections];
  }

  /** Whether anything is under way. */
  get isBusy(): boolean {
    return this.connections.some(({ pipes }) => pipes.some(({ canDeliver }) => canDeliver));
  }

  async listen(service: Service): Promise<Listener> {
    assert(!this.#service, 'somebody listens already');
    this.#service = service;
    const stopAccepting = () => {
      this.#service = undefined;
    };
    return {
      port: 1,
      stopAccepting,
      close: async () => {
        stopAccepting();
        for (const connection of this.connections) connection.drop();
      },
    };
  }

  /** Asks for a socket. The answer, like all that follows, comes in later turns. */
  dial(request: SocketRequest, caller: Caller): SimConnection {
    const connection = new SimConnection(caller, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    void this.#admit(request).then((admission) => connection.answer(admission));
    return connection;
  }

  /** Delivers one thing that is under way, if there is any. */
  turn(): void {
    const ready = this.connections.flatMap(({ pipes }) => pipes.filter(({ canDeliver }) => canDeliver));
    if (ready.length > 0) this.#dice.pick(ready).turn();
  }

  async #admit(request: SocketRequest): Promise<Admission> {
    return (await this.#service?.admit(request)) ?? { kind: 'refuse', status: 502, message: 'nobody listens' };
  }
}
