import { jsonText } from '../../../bsatn/satsjson-write.ts';
import { unitType } from '../../../bsatn/special.ts';
import { assert } from '../../../errors.ts';
import type { CallMessage, Client, ClientMessage, ServerMessage } from '../../contract.ts';
import type { Codec } from '../codec.ts';
import { WireError } from '../error.ts';
import { type Compression, compressFrame, type FrameEncoder } from '../frame.ts';
import { Writer } from '../writer.ts';
import { decodeV1Frame, decodeV1Text, type V1ClientMessage, type V1Query, type V1Subscribe } from './client-message.ts';
import { bsatnFormat, jsonFormat } from './format.ts';
import { type V1Answered, type V1Database, V1Writer } from './server-message.ts';
import { serverMessageShape } from './shapes.ts';

/** The query set of `Subscribe`, which has no number: none that a client can choose. */
const wholeQuerySet = -1;
const writerKeptBytesMax = 4 * 1024 * 1024;

export interface V1Options {
  readonly encoding: 'bsatn' | 'json';
  readonly compression: Compression;
  /** Of what others do the client wants the rows alone. */
  readonly isLight: boolean;
  readonly database: V1Database;
  readonly client: Pick<Client, 'identity' | 'connectionId'>;
  readonly nowMicros: () => bigint;
}

/** A message that waits for its answer. */
interface Asked {
  /** Undefined for what the client did not ask for itself: the answer is kept from it. */
  readonly message: V1ClientMessage | undefined;
  readonly atMicros: bigint;
}

/**
 * One connection of version 1. It speaks to the database as clients of later versions do, under numbers of its own for
 * what is asked, and puts the answers into the forms of version 1.
 */
export class V1Session implements Codec {
  readonly isText: boolean;
  readonly refusesEventTables = true;
  readonly #options: V1Options;
  readonly #asked = new Map<number, Asked>();
  #lastRequestId = 0;
  #hasWholeSet = false;
  #bytes = new Writer();

  constructor(options: V1Options) {
    this.#options = options;
    this.isText = options.encoding === 'json';
  }

  decode(frame: Buffer, visit: (message: ClientMessage) => void): void {
    if (frame.length === 0) throw new WireError('the frame is empty, expected one message');
    const message = this.isText ? decodeV1Text(frame.toString('utf8')) : decodeV1Frame(frame);
    switch (message.kind) {
      case 'call-reducer':
      case 'call-procedure': {
        const { kind, name } = message;
        visit({ kind, requestId: this.#ask(message), name, args: this.#argsOf(message.args) });
        return;
      }
      case 'query':
        visit({ kind: 'query', requestId: this.#ask(message), sql: message.sql });
        return;
      case 'subscribe':
        this.#replaceWholeSet(message, visit);
        return;
      case 'subscribe-single':
      case 'subscribe-multi': {
        const querySetId = message.queryId ?? wholeQuerySet;
        visit({ kind: 'subscribe', requestId: this.#ask(message), querySetId, queries: message.queries });
        return;
      }
      case 'unsubscribe-single':
      case 'unsubscribe-multi':
        visit(this.#unsubscribe(message.queryId, message));
        return;
    }
  }

  encode(_encoder: FrameEncoder, messages: readonly ServerMessage[]): (Buffer | string)[] {
    const frames: (Buffer | string)[] = [];
    for (const message of messages) {
      this.#bytes.reset();
      this.#write(message);
      const { length } = this.#bytes;
      if (length > 0) frames.push(this.#frame(this.#bytes.view(0, length)));
      if (length > writerKeptBytesMax) this.#bytes = new Writer();
    }
    return frames;
  }

  #frame(message: Buffer): Buffer | string {
    if (this.isText) return jsonText(serverMessageShape, message);
    return compressFrame(Buffer.concat([Buffer.of(0), message]), this.#options.compression);
  }

  #replaceWholeSet(message: V1Subscribe, visit: (message: ClientMessage) => void): void {
    if (this.#hasWholeSet) visit(this.#unsubscribe(wholeQuerySet, undefined));
    this.#hasWholeSet = true;
    visit({ kind: 'subscribe', requestId: this.#ask(message), querySetId: wholeQuerySet, queries: message.queries });
  }

  #unsubscribe(querySetId: number, message: V1ClientMessage | undefined): ClientMessage {
    return { kind: 'unsubscribe', requestId: this.#ask(message), querySetId, sendDroppedRows: true };
  }

  #argsOf(args: Uint8Array): CallMessage['args'] {
    return this.isText ? Buffer.from(args).toString('utf8') : args;
  }

  #ask(message: V1ClientMessage | undefined): number {
    this.#lastRequestId = (this.#lastRequestId + 1) >>> 0;
    this.#asked.set(this.#lastRequestId, { message, atMicros: this.#options.nowMicros() });
    return this.#lastRequestId;
  }

  /** Writes the message of version 1 that says the same; nothing when the client is not to be told. */
  #write(message: ServerMessage): void {
    const { database, isLight } = this.#options;
    const writer = new V1Writer(this.#bytes, this.isText ? jsonFormat : bsatnFormat, database);
    switch (message.kind) {
      case 'initial-connection':
        writer.identityToken(message.identity, message.token, message.connectionId);
        return;
      case 'transaction-update':
        if (isLight || message.origin === undefined) writer.transactionUpdateLight(message.update);
        else writer.transactionUpdate({ update: message.update }, message.origin, undefined);
        return;
      case 'subscription-error':
        this.#writeSubscriptionError(writer, message);
        return;
      default:
        this.#writeAnswer(writer, message);
    }
  }

  #writeSubscriptionError(writer: V1Writer, error: ServerMessage & { readonly kind: 'subscription-error' }): void {
    const asked = error.requestId === undefined ? undefined : this.#take(error.requestId);
    if (error.requestId !== undefined && asked?.message === undefined) return;
    const queryId = error.querySetId === wholeQuerySet ? undefined : error.querySetId;
    const requestId = asked?.message && 'requestId' in asked.message ? asked.message.requestId : undefined;
    writer.subscriptionError(error.message, requestId, queryId, asked?.durationMicros ?? 0n);
  }

  #writeAnswer(writer: V1Writer, answer: Extract<ServerMessage, { readonly requestId: number }>): void {
    const { message: asked, durationMicros } = this.#take(answer.requestId);
    if (asked === undefined) return;
    if (asked.kind === 'query') {
      assert(answer.kind === 'query-result', `a query was answered with ${answer.kind}`);
      writer.oneOffQueryResponse(asked.messageId, answer.result, durationMicros);
      return;
    }
    const queryId = 'queryId' in asked ? asked.queryId : undefined;
    const answered: V1Answered = { requestId: asked.requestId, queryId, durationMicros };
    switch (answer.kind) {
      case 'reducer-result':
        this.#writeReducerResult(writer, answer, asked, durationMicros);
        return;
      case 'procedure-result':
        this.#writeProcedureResult(writer, answer, asked, answered);
        return;
      case 'subscribe-applied': {
        const rows = answer.rows ?? [];
        if (asked.kind === 'subscribe') writer.initialSubscription(rows, answered);
        else writer.subscribeApplied(rows, answered, asked.kind === 'subscribe-multi' || rows.length !== 1);
        return;
      }
      case 'unsubscribe-applied': {
        const rows = answer.rows ?? [];
        writer.unsubscribeApplied(rows, answered, asked.kind === 'unsubscribe-multi' || rows.length !== 1);
      }
    }
  }

  #writeReducerResult(
    writer: V1Writer,
    { outcome, timestampMicros }: ServerMessage & { readonly kind: 'reducer-result' },
    asked: Exclude<V1ClientMessage, V1Query>,
    durationMicros: bigint,
  ): void {
    assert(asked.kind === 'call-reducer', `${asked.kind} was answered with the result of a reducer`);
    const { client } = this.#options;
    const { name, requestId, args, isQuiet } = asked;
    if (isQuiet && outcome.kind === 'ok' && outcome.update.length === 0) return;
    const { identity, connectionId } = client;
    const origin = { name, identity, connectionId, timestampMicros };
    writer.transactionUpdate(outcome, origin, { requestId, args, durationMicros });
  }

  #writeProcedureResult(
    writer: V1Writer,
    { outcome, timestampMicros }: ServerMessage & { readonly kind: 'procedure-result' },
    asked: Exclude<V1ClientMessage, V1Query>,
    answered: V1Answered,
  ): void {
    assert(asked.kind === 'call-procedure', `${asked.kind} was answered with the result of a procedure`);
    const { procedures } = this.#options.database.def;
    const type = procedures.find(({ name, sourceName }) => name === asked.name || sourceName === asked.name)?.returns;
    const result = 'value' in outcome ? { value: outcome.value, type: type ?? unitType } : outcome;
    writer.procedureResult(result, timestampMicros, answered);
  }

  #take(requestId: number): { readonly message: V1ClientMessage | undefined; readonly durationMicros: bigint } {
    const asked = this.#asked.get(requestId);
    assert(asked, `an answer to ${requestId}, which nobody asked`);
    this.#asked.delete(requestId);
    return { message: asked.message, durationMicros: this.#options.nowMicros() - asked.atMicros };
  }
}
