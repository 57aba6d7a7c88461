import { unitType } from '../bsatn/special.ts';
import type { ArrayType, Field, ProductType, SumType, Type } from '../bsatn/type.ts';

// The type of a module's description of itself, RawModuleDef in version 10, as a type like any other: with it the bytes
// that a module writes become the JSON of `/schema`.

const string: Type = { kind: 'string' };
const bool: Type = { kind: 'bool' };
const u16: Type = { kind: 'u16' };
const u32: Type = { kind: 'u32' };
const i128: Type = { kind: 'i128' };
const bytes = array({ kind: 'u8' });

// A type refers to itself by way of the types of its elements and variants, so these three are filled in last.
const typeVariants: Field[] = [];
const algebraicType: SumType = { kind: 'sum', variants: typeVariants };
const moduleFields: Field[] = [];
const moduleType: ProductType = { kind: 'product', fields: moduleFields };

const element = product({ name: option(string), algebraic_type: algebraicType });
const productType = product({ elements: array(element) });
const scalars = [
  ...['Bool', 'I8', 'U8', 'I16', 'U16', 'I32', 'U32', 'I64', 'U64'],
  ...['I128', 'U128', 'I256', 'U256', 'F32', 'F64'],
];
typeVariants.push(
  { name: 'Ref', type: u32 },
  { name: 'Sum', type: product({ variants: array(element) }) },
  { name: 'Product', type: productType },
  { name: 'Array', type: algebraicType },
  { name: 'String', type: unitType },
  ...scalars.map((name) => ({ name, type: unitType })),
);

const visibility = sum({ Private: unitType, ClientCallable: unitType });
const httpMethod = sum({
  Get: unitType,
  Head: unitType,
  Post: unitType,
  Put: unitType,
  Delete: unitType,
  Connect: unitType,
  Options: unitType,
  Trace: unitType,
  Patch: unitType,
  Extension: string,
});
const nameMapping = product({ source_name: string, canonical_name: string });

const table = product({
  source_name: string,
  product_type_ref: u32,
  primary_key: array(u16),
  indexes: array(
    product({
      source_name: option(string),
      accessor_name: option(string),
      algorithm: sum({ BTree: array(u16), Hash: array(u16), Direct: u16 }),
    }),
  ),
  constraints: array(product({ source_name: option(string), data: sum({ Unique: product({ columns: array(u16) }) }) })),
  sequences: array(
    product({
      source_name: option(string),
      column: u16,
      start: option(i128),
      min_value: option(i128),
      max_value: option(i128),
      increment: i128,
    }),
  ),
  table_type: sum({ System: unitType, User: unitType }),
  table_access: sum({ Public: unitType, Private: unitType }),
  default_values: array(product({ col_id: u16, value: bytes })),
  is_event: bool,
});

const section = sum({
  Typespace: product({ types: array(algebraicType) }),
  Types: array(
    product({ source_name: product({ scope: array(string), source_name: string }), ty: u32, custom_ordering: bool }),
  ),
  Tables: array(table),
  Reducers: array(
    product({
      source_name: string,
      params: productType,
      visibility,
      ok_return_type: algebraicType,
      err_return_type: algebraicType,
    }),
  ),
  Procedures: array(product({ source_name: string, params: productType, return_type: algebraicType, visibility })),
  Views: array(
    product({
      source_name: string,
      index: u32,
      is_public: bool,
      is_anonymous: bool,
      params: productType,
      return_type: algebraicType,
    }),
  ),
  Schedules: array(
    product({ source_name: option(string), table_name: string, schedule_at_col: u16, function_name: string }),
  ),
  LifeCycleReducers: array(
    product({
      lifecycle_spec: sum({ Init: unitType, OnConnect: unitType, OnDisconnect: unitType }),
      function_name: string,
    }),
  ),
  RowLevelSecurity: array(product({ sql: string })),
  CaseConversionPolicy: sum({ None: unitType, SnakeCase: unitType }),
  ExplicitNames: product({ entries: array(sum({ Table: nameMapping, Function: nameMapping, Index: nameMapping })) }),
  HttpHandlers: array(product({ source_name: string })),
  HttpRoutes: array(
    product({ handler_function: string, method: sum({ Any: unitType, Method: httpMethod }), path: string }),
  ),
  ViewPrimaryKeys: array(product({ view_source_name: string, columns: array(string) })),
  Submodules: array(product({ namespace: string, module: moduleType })),
});
moduleFields.push({ name: 'sections', type: array(section) });

/** The version that the package writes today, without the byte before it that says so. */
export const rawModuleVersion10: Type = moduleType;

export const rawModuleType: Type = sum({ V8BackCompat: unitType, V9: unitType, V10: moduleType });

function product(fields: Record<string, Type>): ProductType {
  return { kind: 'product', fields: fieldsOf(fields) };
}

function sum(variants: Record<string, Type>): SumType {
  return { kind: 'sum', variants: fieldsOf(variants) };
}

function array(of: Type): ArrayType {
  return { kind: 'array', of };
}

function option(type: Type): SumType {
  return sum({ some: type, none: unitType });
}

function fieldsOf(types: Record<string, Type>): Field[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}
