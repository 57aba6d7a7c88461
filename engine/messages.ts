import { bsatnOfJson, parseJson } from './bsatn/satsjson-read.ts';
import type { CallResult } from './call.ts';
import type { Engine } from './engine.ts';
import { Rejection } from './errors.ts';
import type { ProcedureDef, ReducerDef } from './module/definition.ts';
import { resumeBare } from './module/guard.ts';
import type { TableRows } from './query/contract.ts';
import { encodeRowList } from './query/rowlist.ts';
import type { Client, ClientMessage, Received, ReducerOutcome } from './serve/contract.ts';

type CallMessage = MessageOf<'call-reducer' | 'call-procedure'>;
type MessageOf<K extends ClientMessage['kind']> = Extract<ClientMessage, { readonly kind: K }>;

/** Answers what connected clients ask of one engine. */
export class Messages {
  readonly #engine: Engine;
  /** The call that is being handled, also after the thread was taken out of it. */
  #current: Received | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Handles messages in their order; every reply goes through its client's `deliver`. When the thread was taken out of it,
   * it goes on with the same ones.
   */
  handle(received: Iterator<Received>): void {
    resumeBare();
    let next: Received | undefined = this.#current ?? take(received);
    while (next && !this.#engine.isClosed) {
      const { client, message } = next;
      if (message.kind === 'call-reducer') next = this.#handleCalls(next, received);
      else {
        this.#handleOther(client, message);
        next = take(received);
      }
    }
  }

  /** Handles the reducer calls at the front, and returns what comes after them. */
  #handleCalls(first: Received, received: Iterator<Received>): Received | undefined {
    let next: Received | undefined = first;
    try {
      // Calls that follow one another share one guard.
      this.#engine.guarded(() => {
        while (next?.message.kind === 'call-reducer') {
          this.#current = next;
          this.#handleCall(next.client, next.message);
          next = take(received);
          if (this.#engine.isBatchOver) break;
        }
      }, true);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      // Its clients have been told to connect again.
      if (error.code === 'closed') return undefined;
      if (error.code !== 'time-limit') throw error;
      const { client, message } = this.#current ?? first;
      this.#answerFailure(client, message, error.message);
      next = take(received);
    } finally {
      this.#current = undefined;
    }
    return next;
  }

  #handleOther(client: Client, message: Exclude<ClientMessage, MessageOf<'call-reducer'>>): void {
    switch (message.kind) {
      case 'subscribe':
        this.#handleSubscribe(client, message);
        return;
      case 'unsubscribe':
        this.#handleUnsubscribe(client, message);
        return;
      case 'query':
        this.#handleQuery(client, message);
        return;
      case 'call-procedure':
        void this.#handleProcedure(client, message);
        return;
    }
  }

  #handleCall(client: Client, message: MessageOf<'call-reducer'>): void {
    const { requestId, name } = message;
    const reducer = this.#engine.reducer(name);
    if (!reducer?.isCallable) {
      this.#answerFailure(client, message, whyNotCallable('reducer', name, reducer));
      return;
    }
    const bytes = this.#argsOf(client, message, reducer);
    if (!bytes) return;
    const origin = this.#engine.origin(reducer.name, client.identity, client.connectionId);
    const result = this.#engine.callInside(reducer, origin, bytes, client);
    const outcome = outcomeOf(result);
    const { timestampMicros } = origin;
    client.deliver({ kind: 'reducer-result', requestId, timestampMicros, outcome }, this.#engine.offset);
  }

  /** Its result shows whatever it saw: it is held until the newest commit of its end is durable. */
  async #handleProcedure(client: Client, message: MessageOf<'call-procedure'>): Promise<void> {
    const { requestId, name } = message;
    const procedure = this.#engine.procedure(name);
    if (!procedure?.isCallable) {
      this.#answerFailure(client, message, whyNotCallable('procedure', name, procedure));
      return;
    }
    const bytes = this.#argsOf(client, message, procedure);
    if (!bytes) return;
    const origin = this.#engine.origin(procedure.name, client.identity, client.connectionId);
    const { timestampMicros } = origin;
    const outcome = await this.#engine.procedures.call(procedure, origin, bytes).then(
      (value) => ({ value }),
      (error: unknown) => ({ message: this.#engine.explain(error) }),
    );
    const durationMicros = this.#engine.nowMicros() - timestampMicros;
    client.deliver(
      { kind: 'procedure-result', requestId, timestampMicros, durationMicros, outcome },
      this.#engine.offset,
    );
  }

  /** The arguments as BSATN; undefined when they are JSON that does not fit, which has then been answered. */
  #argsOf(client: Client, message: CallMessage, { params }: ReducerDef | ProcedureDef): Uint8Array | undefined {
    if (typeof message.args !== 'string') return message.args;
    try {
      return bsatnOfJson({ kind: 'product', fields: params }, parseJson(message.args), 'arguments');
    } catch (error) {
      this.#answerFailure(client, message, this.#engine.explain(error));
      return undefined;
    }
  }

  #handleSubscribe(client: Client, message: MessageOf<'subscribe'>): void {
    const { requestId, querySetId } = message;
    const caller = this.#engine.callerOf(client.identity);
    try {
      const queries = client.refusesEventTables ? this.#withoutEventTables(message.queries) : message.queries;
      const rows = this.#engine.queries.subscribe(client, caller, querySetId, queries);
      if (client.refusesEventTables) this.#requireNoEventTables(client, querySetId, rows);
      client.deliver({ kind: 'subscribe-applied', requestId, querySetId, rows }, this.#engine.offset);
    } catch (error) {
      this.#answerFailure(client, message, this.#engine.explain(error));
    }
  }

  /** `SELECT * FROM *` is then every public table that is not one of events. */
  #withoutEventTables(queries: readonly string[]): string[] {
    const tables = this.#engine.def.tables.filter((table) => table.isPublic && !table.isEvent);
    const each = tables.map(({ name }) => `SELECT * FROM ${quoted(name)}`);
    return queries.flatMap((query) => (everything.test(query) ? each : [query]));
  }

  /** @throws Rejection `event-table`, after taking the query set back */
  #requireNoEventTables(client: Client, querySetId: number, rows: readonly TableRows[]): void {
    const { tables } = this.#engine.def;
    const event = rows.find(({ table }) => tables.some(({ name, isEvent }) => isEvent && name === table));
    if (!event) return;
    this.#engine.queries.unsubscribe(client, querySetId);
    throw new Rejection(
      'event-table',
      `\`${event.table}\` is an event table, which clients of protocol version 1 cannot subscribe to: use version 2 or 3`,
    );
  }

  #handleUnsubscribe(client: Client, message: MessageOf<'unsubscribe'>): void {
    const { requestId, querySetId, sendDroppedRows } = message;
    try {
      const dropped = this.#engine.queries.unsubscribe(client, querySetId);
      const rows = sendDroppedRows ? dropped : undefined;
      client.deliver({ kind: 'unsubscribe-applied', requestId, querySetId, rows }, this.#engine.offset);
    } catch (error) {
      this.#answerFailure(client, message, this.#engine.explain(error));
    }
  }

  #handleQuery(client: Client, message: MessageOf<'query'>): void {
    const { requestId, sql } = message;
    try {
      const { table, rows } = this.#engine.queries.query(this.#engine.callerOf(client.identity), sql);
      const result = { table, rows: encodeRowList(rows) };
      client.deliver({ kind: 'query-result', requestId, result }, this.#engine.offset);
    } catch (error) {
      this.#answerFailure(client, message, this.#engine.explain(error));
    }
  }

  /** The answer to a message that came to nothing. */
  #answerFailure(client: Client, message: ClientMessage, text: string): void {
    const { offset } = this.#engine;
    const { requestId } = message;
    const timestampMicros = this.#engine.nowMicros();
    switch (message.kind) {
      case 'call-reducer': {
        const outcome: ReducerOutcome = { kind: 'failed', message: text };
        client.deliver({ kind: 'reducer-result', requestId, timestampMicros, outcome }, offset);
        return;
      }
      case 'subscribe':
      case 'unsubscribe': {
        const { querySetId } = message;
        client.deliver({ kind: 'subscription-error', requestId, querySetId, message: text }, offset);
        return;
      }
      case 'query':
        client.deliver({ kind: 'query-result', requestId, result: { message: text } }, offset);
        return;
      case 'call-procedure': {
        const outcome = { message: text };
        client.deliver({ kind: 'procedure-result', requestId, timestampMicros, durationMicros: 0n, outcome }, offset);
      }
    }
  }
}

const everything = /^\s*select\s+\*\s+from\s+\*\s*;?\s*$/i;

/** A name as SQL has it, also in a namespace. */
function quoted(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}

function outcomeOf(result: CallResult): ReducerOutcome {
  if (result.kind === 'ok') return { kind: 'ok', update: result.update };
  return result.kind === 'refused' ? { kind: 'failed', message: result.message } : result;
}

function take(received: Iterator<Received>): Received | undefined {
  const { done, value } = received.next();
  return done ? undefined : value;
}

function whyNotCallable(kind: string, name: string, def: ReducerDef | ProcedureDef | undefined): string {
  if (!def) return `no such ${kind}: \`${name}\`; generate the client's bindings again if the module has changed`;
  if ('lifecycle' in def && def.lifecycle) return `the lifecycle reducer \`${name}\` cannot be called by clients`;
  return `the ${kind} \`${name}\` is private`;
}
