/** Sends the requests of a module's procedures. */
export interface Outbound {
  /** @param request the BSATN of a ModuleRequest @returns the response as BSATN, and its body @throws SyscallFailure `http` */
  send(request: Uint8Array, body: Uint8Array): Promise<[response: Uint8Array, body: Uint8Array]>;
  close(): Promise<void>;
}

/** Is made when the first request is sent: a client of HTTP takes long to load, and most modules send nothing. */
export class LazyOutbound implements Outbound {
  readonly #make: () => Promise<Outbound>;
  #made: Promise<Outbound> | undefined;

  constructor(make: () => Promise<Outbound>) {
    this.#make = make;
  }

  async send(request: Uint8Array, body: Uint8Array): Promise<[response: Uint8Array, body: Uint8Array]> {
    this.#made ??= this.#make();
    return await (await this.#made).send(request, body);
  }

  async close(): Promise<void> {
    await (await this.#made)?.close();
  }
}
