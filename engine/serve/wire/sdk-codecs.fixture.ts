import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

interface Codec {
  serialize(writer: object, value: unknown): void;
  deserialize(reader: object): unknown;
}

interface SdkModule {
  ClientMessage: Codec;
  ServerMessage: Codec;
  BinaryWriter: new (size: number) => { getBuffer(): Uint8Array };
  BinaryReader: new (bytes: Uint8Array) => { readonly remaining: number };
}

/** The official client's own message codecs: it does not export them, so its sources are bundled here in memory. */
export async function loadSdkCodecs() {
  const source = fileURLToPath(new URL('../../../node_modules/spacetimedb/src', import.meta.url));
  const bundle = await build({
    stdin: {
      contents: `
        export { ClientMessage, ServerMessage } from '${source}/sdk/client_api/types.ts';
        export { default as BinaryWriter } from '${source}/lib/binary_writer.ts';
        export { default as BinaryReader } from '${source}/lib/binary_reader.ts';`,
      resolveDir: source,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  const text = bundle.outputFiles[0]?.text ?? '';
  const sdk = (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as SdkModule;
  return {
    encodeClientMessage(message: unknown): Buffer {
      const writer = new sdk.BinaryWriter(64);
      sdk.ClientMessage.serialize(writer, message);
      return Buffer.from(writer.getBuffer());
    },
    decodeServerMessages(payload: Uint8Array): unknown[] {
      const reader = new sdk.BinaryReader(payload);
      const messages: unknown[] = [];
      while (reader.remaining > 0) messages.push(sdk.ServerMessage.deserialize(reader));
      return messages;
    },
  };
}
