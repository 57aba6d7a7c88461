import type { Type } from '../bsatn/type.ts';
import type { ModuleDef } from '../module/definition.ts';
import {
  createProcedureFile,
  createProcedureTypesFile,
  createReducerFile,
  createReducerTypesFile,
  createRowFile,
  createTypesFile,
} from './files.ts';
import { createIndexFile } from './index-file.ts';
import { folderOf, surfaceOf } from './surface.ts';

/**
 * The TypeScript client of a module: the text of each file by its path. The same definition gives the same bytes.
 * @throws Rejection `name-collision` or `unnamed-recursion` for a module that TypeScript cannot express.
 */
export function generateTypeScript(def: ModuleDef): Map<string, string> {
  const surface = surfaceOf(def);
  const files = new Map<string, string>([['index.ts', createIndexFile(surface)]]);
  const parts = [...surface.tables, ...surface.views, ...surface.reducers, ...surface.procedures, ...surface.types];
  for (const namespace of new Set(['', ...parts.map((part) => part.namespace)])) {
    const isHere = (part: { readonly namespace: string }): boolean => part.namespace === namespace;
    const folder = folderOf(namespace);
    const types = surface.types.filter(isHere);
    const names = new Map<Type, string>();
    for (const { name, type } of types) if (!names.has(type)) names.set(type, name);

    files.set(`${folder}types.ts`, createTypesFile(types, names));
    for (const relation of [...surface.tables, ...surface.views].filter(isHere)) {
      files.set(`${relation.file}.ts`, createRowFile(relation, names));
    }
    const reducers = surface.reducers.filter(isHere);
    for (const reducer of reducers) files.set(`${reducer.file}.ts`, createReducerFile(reducer, names));
    files.set(`${folder}types/reducers.ts`, createReducerTypesFile(reducers));
    const procedures = surface.procedures.filter(isHere);
    for (const procedure of procedures) files.set(`${procedure.file}.ts`, createProcedureFile(procedure, names));
    files.set(`${folder}types/procedures.ts`, createProcedureTypesFile(procedures));
  }
  return files;
}
