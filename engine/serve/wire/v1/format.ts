import { jsonText, jsonTupleText } from '../../../bsatn/satsjson-write.ts';
import type { ProductType, Type } from '../../../bsatn/type.ts';
import type { RowList } from '../../../query/contract.ts';
import { decodeRowList } from '../../../query/rowlist.ts';
import type { Writer } from '../writer.ts';

/** What the two protocols of version 1 write differently. */
export interface V1Format {
  /** What comes before a QueryUpdate: in the binary protocol, that it is not compressed by itself. */
  beginUpdate(writer: Writer): void;
  rows(writer: Writer, list: RowList, row: ProductType): void;
  /** One value whose BSATN is given. */
  value(writer: Writer, bytes: Uint8Array, type: Type): void;
}

export const bsatnFormat: V1Format = {
  beginUpdate: (writer) => writer.u8(0),
  rows: (writer, list) => writer.raw(list.encoded),
  value: (writer, bytes) => writer.byteArray(bytes),
};

export const jsonFormat: V1Format = {
  beginUpdate() {},
  rows(writer, list, row) {
    writer.u32(list.rowCount);
    for (const bytes of decodeRowList(list)) writer.string(jsonText(row, bytes));
  },
  value: (writer, bytes, type) => writer.string(jsonTupleText(type, bytes)),
};
