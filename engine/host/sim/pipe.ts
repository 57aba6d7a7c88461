/** What is on its way to one side of a connection. */
export type Parcel =
  | { readonly kind: 'message'; readonly bytes: Buffer; readonly taken: (() => void) | undefined }
  | { readonly kind: 'ping' | 'pong' }
  | { readonly kind: 'close'; readonly reason: string };

/** One direction of a connection: parcels in their order, each delivered in a turn of its own. */
export class Pipe {
  readonly #deliver: (parcel: Parcel) => void;
  #parcels: Parcel[] = [];
  #waitingBytes = 0;
  /** Nothing is delivered while the other side does not read. */
  isPaused = false;
  /** So many turns pass before anything is delivered. */
  slowTurns = 0;

  constructor(deliver: (parcel: Parcel) => void) {
    this.#deliver = deliver;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get canDeliver(): boolean {
    return this.#parcels.length > 0 && !this.isPaused;
  }

  push(parcel: Parcel): void {
    this.#parcels.push(parcel);
    if (parcel.kind === 'message') this.#waitingBytes += parcel.bytes.length;
  }

  /** Delivers the first parcel, or lets a slow way come one turn nearer to it. */
  turn(): void {
    if (this.slowTurns > 0) {
      this.slowTurns -= 1;
      return;
    }
    const parcel = this.#parcels.shift();
    if (!parcel) return;
    if (parcel.kind === 'message') this.#waitingBytes -= parcel.bytes.length;
    this.#deliver(parcel);
    if (parcel.kind === 'message') parcel.taken?.();
  }

  /** What is under way never arrives. */
  cut(): void {
    this.#parcels = [];
    this.#waitingBytes = 0;
  }
}
