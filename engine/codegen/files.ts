import { isUnit, resultOf, specialOf } from '../bsatn/special.ts';
import type { Type } from '../bsatn/type.ts';
import type { NamedType } from '../module/definition.ts';
import { camelCase } from '../module/names.ts';
import type { Callable, Procedure, Relation } from './surface.ts';
import { fileText, importOf, quoted } from './text.ts';
import { fieldKey, fieldsBlock, type TypeNames, typeDeclaration, typeExpression } from './type-expression.ts';
import { isRecursive, valueTypeImports } from './value-type.ts';

const sdk = 'spacetimedb';

/** `types.ts`: the named types of one namespace. */
export function createTypesFile(types: readonly NamedType[], names: TypeNames): string {
  const declarations = types.map(({ name, type }) => typeDeclaration(name, type, names));
  if (declarations.length === 0) return fileText([]);
  const text = declarations.join('\n');
  const optional = ['type Infer as __Infer', ...valueTypeImports].filter((name) => text.includes(lastWord(name)));
  return fileText([importOf(['t as __t', ...optional], sdk), ...declarations]);
}

/** The row of a table or a view, its columns in the order of the wire. */
export function createRowFile(relation: Relation, names: TypeNames): string {
  const columns = fieldsBlock(relation.row.fields, fieldKey, names, (field, index) => {
    const key = relation.primaryKey.includes(index) ? '.primaryKey()' : uniqueMark(relation, index, field.type);
    const isRenamed = camelCase(field.name) !== field.name && canBeNamed(field.type);
    return key + (isRenamed ? `.name(${quoted(field.name)})` : '');
  });
  return fileText([
    imports(
      relation.row.fields.map((field) => field.type),
      names,
      true,
    ),
    `export default __t.row(${columns});`,
  ]);
}

/** With it the types know what the SDK does at run time: an index over a unique column finds one row. */
function uniqueMark({ uniques }: Relation, column: number, type: Type): string {
  const isUnique = uniques.some(({ columns }) => columns.length === 1 && columns[0] === column);
  return isUnique && canBeUnique(type) ? '.unique()' : '';
}

/** The SDK's builders of the other types have no `unique`. */
function canBeUnique(type: Type): boolean {
  if (type.kind === 'product') return specialOf(type) !== undefined;
  return type.kind !== 'array' && type.kind !== 'sum' && type.kind !== 'f32' && type.kind !== 'f64';
}

/** The SDK's builders of the other types have no `name`; such a column cannot be in a query anyway. */
function canBeNamed(type: Type): boolean {
  return !isUnit(type) && resultOf(type) === undefined && !isRecursive(type);
}

export function createReducerFile(reducer: Callable, names: TypeNames): string {
  return fileText([
    imports(
      reducer.params.map((param) => param.type),
      names,
    ),
    `export default ${fieldsBlock(reducer.params, fieldKey, names)};`,
  ]);
}

export function createProcedureFile(procedure: Procedure, names: TypeNames): string {
  return fileText([
    imports([...procedure.params.map((param) => param.type), procedure.returns], names),
    `export const params = ${fieldsBlock(procedure.params, fieldKey, names)};`,
    `export const returnType = ${typeExpression(procedure.returns, names).text};`,
  ]);
}

/** `types/reducers.ts`: the parameters of each reducer as a type. */
export function createReducerTypesFile(reducers: readonly Callable[]): string {
  return fileText([
    inferImport(reducers),
    reducers.map(({ pascal, file }) => `import type ${pascal}Reducer from ${quoted(`../${base(file)}`)};`).join('\n'),
    reducers.map(({ pascal }) => `export type ${pascal}Params = __Infer<typeof ${pascal}Reducer>;`).join('\n'),
  ]);
}

/** `types/procedures.ts`: the arguments and the result of each procedure as types. */
export function createProcedureTypesFile(procedures: readonly Callable[]): string {
  return fileText([
    inferImport(procedures),
    procedures
      .map(({ pascal, file }) => `import type * as ${pascal}Procedure from ${quoted(`../${base(file)}`)};`)
      .join('\n'),
    procedures
      .map(
        ({ pascal }) =>
          `export type ${pascal}Args = __Infer<typeof ${pascal}Procedure.params>;\n` +
          `export type ${pascal}Result = __Infer<typeof ${pascal}Procedure.returnType>;`,
      )
      .join('\n'),
  ]);
}

function inferImport(callables: readonly Callable[]): string {
  return importOf(callables.length === 0 ? [] : ['type Infer as __Infer'], sdk);
}

function lastWord(text: string): string {
  return text.slice(text.lastIndexOf(' ') + 1);
}

function base(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** The imports of a file that mentions some types: the SDK's builders, and the named types. */
function imports(types: readonly Type[], names: TypeNames, isRow = false): string {
  const expressions = types.map((type) => typeExpression(type, names));
  const usesBuilders = isRow || expressions.some(({ text }) => text.includes('__t.'));
  return [
    importOf(usesBuilders ? ['t as __t'] : [], sdk),
    importOf(
      expressions.flatMap(({ mentions }) => mentions),
      './types',
    ),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
