import { DecodeError } from '../bsatn/error.ts';
import type { ScalarKind } from '../bsatn/type.ts';
import { RawReader } from './raw-reader.ts';

/** A module definition as the module describes itself: source names, types by reference, nothing checked. */
export interface RawModule {
  typespace: RawType[];
  types: RawNamedType[];
  tables: RawTable[];
  reducers: RawReducer[];
  procedures: RawProcedure[];
  views: RawView[];
  schedules: RawSchedule[];
  lifecycles: { lifecycle: 'init' | 'connect' | 'disconnect'; function: string }[];
  rowLevelSecurity: string[];
  casePolicy: 'none' | 'snake';
  explicitNames: { of: 'table' | 'function' | 'index'; source: string; canonical: string }[];
  httpHandlers: string[];
  httpRoutes: { handler: string; method: string; path: string }[];
  viewPrimaryKeys: { view: string; columns: string[] }[];
  submodules: { namespace: string; module: RawModule }[];
}

export type RawType =
  | { kind: 'ref'; index: number }
  | { kind: 'array'; of: RawType }
  | { kind: 'product' | 'sum'; elements: RawElement[] }
  | { kind: ScalarKind };

export interface RawElement {
  name: string | undefined;
  type: RawType;
}

export interface RawNamedType {
  scope: string[];
  name: string;
  ref: number;
}

export interface RawTable {
  name: string;
  rowRef: number;
  primaryKey: number[];
  indexes: RawIndex[];
  uniques: { name: string | undefined; columns: number[] }[];
  sequences: RawSequence[];
  isSystem: boolean;
  isPublic: boolean;
  defaults: { column: number; value: Uint8Array }[];
  isEvent: boolean;
}

export interface RawIndex {
  name: string | undefined;
  accessor: string | undefined;
  algorithm: 'btree' | 'hash' | 'direct';
  columns: number[];
}

export interface RawSequence {
  name: string | undefined;
  column: number;
  start: bigint | undefined;
  min: bigint | undefined;
  max: bigint | undefined;
  increment: bigint;
}

export interface RawReducer {
  name: string;
  params: RawElement[];
  isClientCallable: boolean;
  ok: RawType;
  err: RawType;
}

export interface RawProcedure {
  name: string;
  params: RawElement[];
  returns: RawType;
  isClientCallable: boolean;
}

export interface RawView {
  name: string;
  index: number;
  isPublic: boolean;
  isAnonymous: boolean;
  params: RawElement[];
  returns: RawType;
}

export interface RawSchedule {
  name: string | undefined;
  table: string;
  column: number;
  function: string;
}

const version10 = 2;

/** Decodes the bytes of `__describe_module__`. @throws DecodeError when they are of another version or damaged. */
export function decodeRawModule(bytes: Uint8Array): RawModule {
  const reader = new RawReader(bytes);
  const version = reader.u8();
  if (version !== version10) {
    throw new DecodeError(`a module definition of version 10 has tag ${version10}, but this one has ${version}`, 0);
  }
  const module = readModule(reader);
  reader.finish();
  return module;
}

function readModule(r: RawReader): RawModule {
  const module: RawModule = {
    typespace: [],
    types: [],
    tables: [],
    reducers: [],
    procedures: [],
    views: [],
    schedules: [],
    lifecycles: [],
    rowLevelSecurity: [],
    casePolicy: 'snake',
    explicitNames: [],
    httpHandlers: [],
    httpRoutes: [],
    viewPrimaryKeys: [],
    submodules: [],
  };
  const sections: (() => void)[] = [
    () => module.typespace.push(...r.array(readType)),
    () => module.types.push(...r.array(readNamedType)),
    () => module.tables.push(...r.array(readTable)),
    () => module.reducers.push(...r.array(readReducer)),
    () => module.procedures.push(...r.array(readProcedure)),
    () => module.views.push(...r.array(readView)),
    () => module.schedules.push(...r.array(readSchedule)),
    () => module.lifecycles.push(...r.array(readLifecycle)),
    () => module.rowLevelSecurity.push(...r.array((r) => r.string())),
    () => {
      module.casePolicy = r.choice(['none', 'snake']);
    },
    () => module.explicitNames.push(...r.array(readExplicitName)),
    () => module.httpHandlers.push(...r.array((r) => r.string())),
    () => module.httpRoutes.push(...r.array(readRoute)),
    () => module.viewPrimaryKeys.push(...r.array((r) => ({ view: r.string(), columns: r.array((r) => r.string()) }))),
    () => module.submodules.push(...r.array((r) => ({ namespace: r.string(), module: readModule(r) }))),
  ];
  r.array((r) => r.choice(sections)());
  return module;
}

const scalars: readonly ScalarKind[] = [
  ...(['string', 'bool', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32'] as const),
  ...(['i64', 'u64', 'i128', 'u128', 'i256', 'u256', 'f32', 'f64'] as const),
];

function readType(r: RawReader): RawType {
  const tag = r.u8();
  if (tag === 0) return { kind: 'ref', index: r.u32() };
  if (tag === 1) return { kind: 'sum', elements: r.array(readElement) };
  if (tag === 2) return { kind: 'product', elements: r.array(readElement) };
  if (tag === 3) return { kind: 'array', of: readType(r) };
  const scalar = scalars[tag - 4];
  if (scalar === undefined)
    throw new DecodeError(`the type tag ${tag} at offset ${r.offset - 1} is unknown`, r.offset - 1);
  return { kind: scalar };
}

function readElement(r: RawReader): RawElement {
  return { name: r.option((r) => r.string()), type: readType(r) };
}

function readNamedType(r: RawReader): RawNamedType {
  const scope = r.array((r) => r.string());
  const name = r.string();
  const ref = r.u32();
  r.bool(); // whether variants keep their declared order: they always do
  return { scope, name, ref };
}

function readTable(r: RawReader): RawTable {
  return {
    name: r.string(),
    rowRef: r.u32(),
    primaryKey: r.array((r) => r.u16()),
    indexes: r.array(readIndex),
    uniques: r.array((r) => ({ name: r.option((r) => r.string()), columns: readUniqueColumns(r) })),
    sequences: r.array(readSequence),
    isSystem: r.choice([true, false]),
    isPublic: r.choice([true, false]),
    defaults: r.array((r) => ({ column: r.u16(), value: r.byteArray().slice() })),
    isEvent: r.bool(),
  };
}

function readUniqueColumns(r: RawReader): number[] {
  r.choice(['unique']);
  return r.array((r) => r.u16());
}

function readIndex(r: RawReader): RawIndex {
  const name = r.option((r) => r.string());
  const accessor = r.option((r) => r.string());
  const algorithm = r.choice(['btree', 'hash', 'direct'] as const);
  const columns = algorithm === 'direct' ? [r.u16()] : r.array((r) => r.u16());
  return { name, accessor, algorithm, columns };
}

function readSequence(r: RawReader): RawSequence {
  return {
    name: r.option((r) => r.string()),
    column: r.u16(),
    start: r.option((r) => r.i128()),
    min: r.option((r) => r.i128()),
    max: r.option((r) => r.i128()),
    increment: r.i128(),
  };
}

function readReducer(r: RawReader): RawReducer {
  return {
    name: r.string(),
    params: r.array(readElement),
    isClientCallable: r.choice([false, true]),
    ok: readType(r),
    err: readType(r),
  };
}

function readProcedure(r: RawReader): RawProcedure {
  return {
    name: r.string(),
    params: r.array(readElement),
    returns: readType(r),
    isClientCallable: r.choice([false, true]),
  };
}

function readView(r: RawReader): RawView {
  return {
    name: r.string(),
    index: r.u32(),
    isPublic: r.bool(),
    isAnonymous: r.bool(),
    params: r.array(readElement),
    returns: readType(r),
  };
}

function readSchedule(r: RawReader): RawSchedule {
  return { name: r.option((r) => r.string()), table: r.string(), column: r.u16(), function: r.string() };
}

function readLifecycle(r: RawReader): RawModule['lifecycles'][number] {
  return { lifecycle: r.choice(['init', 'connect', 'disconnect'] as const), function: r.string() };
}

function readExplicitName(r: RawReader): RawModule['explicitNames'][number] {
  return { of: r.choice(['table', 'function', 'index'] as const), source: r.string(), canonical: r.string() };
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'extension'] as const;

function readRoute(r: RawReader): RawModule['httpRoutes'][number] {
  const handler = r.string();
  const isAny = r.choice([true, false]);
  const method = isAny ? 'ANY' : r.choice(methods);
  return { handler, method: method === 'extension' ? r.string().toUpperCase() : method, path: r.string() };
}
