import type { Type } from '../bsatn/type.ts';
import type { NamedType } from '../module/definition.ts';
import { camelCase } from '../module/names.ts';
import type { Callable, Procedure, Relation } from './surface.ts';
import { fileText, importOf, quoted } from './text.ts';
import { fieldKey, fieldsBlock, type TypeNames, typeDeclaration, typeExpression } from './type-expression.ts';

const sdk = 'spacetimedb';

/** `types.ts`: the named types of one namespace. */
export function createTypesFile(types: readonly NamedType[], names: TypeNames): string {
  const declarations = types.map(({ name, type }) => typeDeclaration(name, type, names));
  if (declarations.length === 0) return fileText([]);
  return fileText([importOf(['t as __t', 'type Infer as __Infer'], sdk), ...declarations]);
}

/** The row of a table or a view, its columns in the order of the wire. */
export function createRowFile(relation: Relation, names: TypeNames): string {
  const columns = fieldsBlock(relation.row.fields, fieldKey, names, (field, index) => {
    const key = relation.primaryKey.includes(index) ? '.primaryKey()' : '';
    return key + (camelCase(field.name) === field.name ? '' : `.name(${quoted(field.name)})`);
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
