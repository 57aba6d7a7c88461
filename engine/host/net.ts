/** How others reach this process: requests one by one, and sockets of whole messages. */
export interface Net {
  /** Starts to accept. @throws what the operating system refuses, as it says it */
  listen(service: Service, options: ListenOptions): Promise<Listener>;
}

export interface ListenOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A socket that sends a larger message is cut off. */
  readonly messageBytesMax: number;
}

/** Whoever answers. */
export interface Service {
  fetch(request: Request): Response | Promise<Response>;
  /** Decides on a socket that somebody asks for. Never throws. */
  admit(request: SocketRequest): Promise<Admission>;
}

export interface SocketRequest {
  /** Path and query. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type Admission =
  | {
      readonly kind: 'accept';
      /** The subprotocol chosen from those that were offered. */
      readonly protocol: string;
      /** Called once, unless the other side has gone meanwhile. */
      open(socket: Socket): void;
    }
  | { readonly kind: 'refuse'; readonly status: number; readonly message: string };

export interface Listener {
  readonly port: number;
  /** Takes nobody new. What is open stays. */
  stopAccepting(): void;
  /** Ends what is still open and resolves when the port is free. */
  close(): Promise<void>;
}

/** One connection. Messages arrive whole and in order, or not at all. */
export interface Socket {
  /** Bytes handed over that the operating system has not taken yet. */
  readonly waitingBytes: number;
  readonly isPaused: boolean;
  /** Who is told what happens. Called once, before anything else. */
  start(listener: SocketListener): void;
  /** Hands messages over together, strings as text; `taken` is called once for each that the operating system has taken. */
  send(messages: readonly (Uint8Array | string)[], taken: () => void): void;
  /** Asks the other side for a sign of life. */
  ping(): void;
  /** Reads nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Says farewell, and ends when the other side has answered. */
  close(code: number, reason: string): void;
  /** Ends without a farewell. */
  terminate(): void;
}

export interface SocketListener {
  message(bytes: Buffer, isBinary: boolean): void;
  /** The other side has shown that it is there. */
  alive(): void;
  /** Called once; nothing comes after it. */
  closed(): void;
}
