import { bsatnOfJson, parseJson } from '../bsatn/satsjson-read.ts';
import type { ModuleDef } from './definition.ts';
import { describe } from './describe.ts';
import { decodeRawModule } from './raw.ts';
import { rawModuleType } from './raw-type.ts';

/** The definition of a running module, from the text that its host's `/schema` answers. @throws Rejection */
export function readSchema(text: string): ModuleDef {
  return describe(decodeRawModule(bsatnOfJson(rawModuleType, { V10: parseJson(text) }, 'schema')));
}
