import { isUnit } from '../bsatn/special.ts';
import type { Type } from '../bsatn/type.ts';
import type {
  ModuleDef,
  ModuleTable,
  NamedType,
  ProcedureDef,
  ReducerDef,
  ScheduleDef,
  ViewDef,
} from './definition.ts';
import type { RawModule, RawReducer, RawSchedule, RawType, RawView } from './raw.ts';
import { PublishRejection } from './rejection.ts';
import { Scope } from './scope.ts';
import { describeTable } from './table.ts';
import { validate } from './validate.ts';

/**
 * Resolves a module's own description: references replaced by types, canonical names given, submodules flattened.
 * @throws PublishRejection listing everything that keeps the module from being published.
 */
export function describe(raw: RawModule): ModuleDef {
  const draft: Draft = {
    ...{ problems: [], tables: [], reducers: [], procedures: [], views: [], types: [] },
    ...{ rowLevelSecurity: [], httpHandlers: [], httpRoutes: [], submodules: [] },
  };
  addModule(draft, raw, '');
  const { problems, ...def } = draft;
  def.types.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
  const found = new Set([...problems, ...validate(def)]);
  if (found.size > 0) throw new PublishRejection([...found]);
  return def;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A definition that grows: the numbers that hooks take run on from the module itself through its submodules. */
interface Draft extends ModuleDef {
  readonly problems: string[];
  readonly tables: Mutable<ModuleTable>[];
  readonly reducers: Mutable<ReducerDef>[];
  readonly procedures: Mutable<ProcedureDef>[];
  readonly views: ViewDef[];
  readonly types: NamedType[];
  readonly rowLevelSecurity: string[];
  readonly httpHandlers: string[];
  readonly httpRoutes: Mutable<ModuleDef['httpRoutes'][number]>[];
  readonly submodules: string[];
}

function addModule(draft: Draft, raw: RawModule, namespace: string): void {
  const scope = new Scope(raw, namespace, draft.problems);
  for (const table of raw.tables) {
    const described = describeTable(table, scope, draft.problems);
    if (described !== undefined) draft.tables.push(described);
  }
  addFunctions(draft, scope);
  addViews(draft, scope);
  for (const schedule of raw.schedules) attachSchedule(draft, schedule, scope);
  attachLifecycles(draft, scope);
  addTypes(draft, scope);
  if (namespace === '') addHttp(draft, scope);
  else refuseRootOnly(draft, scope);
  if (namespace === '') draft.rowLevelSecurity.push(...raw.rowLevelSecurity);
  for (const { namespace: name, module } of raw.submodules) {
    const path = scope.qualify(name);
    draft.submodules.push(path);
    addModule(draft, module, path);
  }
}

function addFunctions(draft: Draft, scope: Scope): void {
  for (const reducer of scope.raw.reducers) {
    const names = scope.name('function', reducer.name);
    if (!returnsNothing(reducer, scope)) {
      draft.problems.push(`reducer \`${names.name}\`: it must return nothing and fail with a string`);
    }
    draft.reducers.push({
      ...names,
      id: draft.reducers.length,
      params: scope.types.params(reducer.params),
      lifecycle: undefined,
      isCallable: reducer.isClientCallable,
    });
  }
  for (const procedure of scope.raw.procedures) {
    draft.procedures.push({
      ...scope.name('function', procedure.name),
      id: draft.procedures.length,
      params: scope.types.params(procedure.params),
      returns: scope.types.type(procedure.returns),
      isCallable: procedure.isClientCallable,
    });
  }
}

function returnsNothing(reducer: RawReducer, scope: Scope): boolean {
  return isUnit(scope.types.type(reducer.ok)) && scope.types.type(reducer.err).kind === 'string';
}

function addViews(draft: Draft, scope: Scope): void {
  const first = {
    sender: draft.views.filter((view) => !view.isAnonymous).length,
    anonymous: draft.views.filter((view) => view.isAnonymous).length,
  };
  for (const view of scope.raw.views) {
    const names = scope.name('function', view.name);
    const returned = viewRow(view);
    const row = returned === undefined ? undefined : scope.types.type(returned);
    if (returned === undefined || row?.kind !== 'product') {
      draft.problems.push(`view \`${names.name}\`: it must return an array or an option of a product type`);
      continue;
    }
    if (view.params.length > 0) draft.problems.push(`view \`${names.name}\`: a view takes no parameters`);
    const ref = returned.kind === 'ref' ? returned.index : undefined;
    const columns = ref === undefined ? row.fields.map((field) => field.name) : scope.types.sourceNames(ref);
    draft.views.push({
      ...names,
      hookId: view.index + (view.isAnonymous ? first.anonymous : first.sender),
      isAnonymous: view.isAnonymous,
      isPublic: view.isPublic,
      row,
      columnSourceNames: columns,
      rowTypeName: ref === undefined ? undefined : scope.typeName(ref),
      primaryKey: viewKey(view.name, columns, scope),
    });
  }
}

/** The row type of a view: what is inside its array or option. */
function viewRow(view: RawView): RawType | undefined {
  const returns = view.returns;
  if (returns.kind === 'array') return returns.of;
  if (returns.kind !== 'sum') return undefined;
  const [some, none] = returns.elements;
  const isOption = some?.name === 'some' && none?.name === 'none' && returns.elements.length === 2;
  return isOption ? some.type : undefined;
}

function viewKey(view: string, columns: readonly string[], scope: Scope): number[] {
  const key = scope.raw.viewPrimaryKeys.find((key) => key.view === view);
  return (key?.columns ?? []).map((name) => columns.indexOf(name));
}

function attachSchedule(draft: Draft, raw: RawSchedule, scope: Scope): void {
  const table = draft.tables.find((table) => table.sourceName === scope.qualify(raw.table));
  const where = `schedule of table \`${scope.qualify(raw.table)}\``;
  if (table === undefined) {
    draft.problems.push(`${where}: there is no such table`);
    return;
  }
  const source = scope.qualify(raw.function);
  const reducer = draft.reducers.find((reducer) => reducer.sourceName === source);
  const procedure = draft.procedures.find((procedure) => procedure.sourceName === source);
  const target = reducer ?? procedure;
  if (target === undefined) {
    draft.problems.push(`${where}: there is no reducer or procedure \`${source}\``);
    return;
  }
  if (table.schedule !== undefined) {
    draft.problems.push(`${where}: it has more than one schedule`);
    return;
  }
  target.isCallable = false;
  const kind: ScheduleDef['function']['kind'] = reducer === undefined ? 'procedure' : 'reducer';
  table.schedule = {
    name: raw.name === undefined ? `${table.name}_sched` : scope.qualify(raw.name),
    column: raw.column,
    function: { kind, id: target.id },
  };
}

function attachLifecycles(draft: Draft, scope: Scope): void {
  for (const { lifecycle, function: name } of scope.raw.lifecycles) {
    const source = scope.qualify(name);
    const reducer = draft.reducers.find((reducer) => reducer.sourceName === source);
    if (scope.namespace !== '') {
      draft.problems.push(`reducer \`${source}\`: only the module itself may have a lifecycle reducer (${lifecycle})`);
    } else if (reducer === undefined) {
      draft.problems.push(`lifecycle ${lifecycle}: there is no reducer \`${source}\``);
    } else if (draft.reducers.some((reducer) => reducer.lifecycle === lifecycle)) {
      draft.problems.push(`lifecycle ${lifecycle}: more than one reducer handles it`);
    } else {
      reducer.lifecycle = lifecycle;
      reducer.isCallable = false;
    }
  }
}

/**
 * The parameter lists of functions are among a module's named types, though nothing refers to them; one whose name is
 * taken by another type is left out.
 */
function addTypes(draft: Draft, scope: Scope): void {
  const params = new Set([...scope.raw.reducers, ...scope.raw.views].map((fn) => fn.params));
  const isParams = (ref: number): boolean => {
    const type = scope.raw.typespace[ref];
    return type?.kind === 'product' && [...params].some((list) => sameElements(list, type.elements));
  };
  const taken = new Map<string, Type>();
  const refs = scope.raw.types.map((type) => type.ref);
  for (const ref of [...refs.filter((ref) => !isParams(ref)), ...refs.filter(isParams)]) {
    const name = scope.typeName(ref);
    if (name === undefined) continue;
    const type = scope.types.ref(ref);
    const other = taken.get(name);
    if (other !== undefined && other !== type && !isParams(ref)) {
      draft.problems.push(`type \`${scope.qualify(name)}\`: two different types have that name; rename one`);
    }
    if (other !== undefined) continue;
    taken.set(name, type);
    draft.types.push({ name, namespace: scope.namespace, type });
  }
}

const sameElements = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function addHttp(draft: Draft, scope: Scope): void {
  for (const handler of scope.raw.httpHandlers) draft.httpHandlers.push(scope.localName('function', handler));
  for (const { handler, method, path } of scope.raw.httpRoutes) {
    const id = scope.raw.httpHandlers.indexOf(handler);
    if (id < 0) draft.problems.push(`HTTP route ${method} \`${path}\`: there is no handler \`${handler}\``);
    else draft.httpRoutes.push({ handler: id, method, path });
  }
}

/** What a module's hooks cannot reach in a submodule is refused rather than dropped. */
function refuseRootOnly(draft: Draft, scope: Scope): void {
  if (scope.raw.httpHandlers.length > 0) {
    draft.problems.push(`submodule \`${scope.namespace}\`: only the module itself may have HTTP handlers`);
  }
  if (scope.raw.rowLevelSecurity.length > 0) {
    draft.problems.push(`submodule \`${scope.namespace}\`: only the module itself may have row-level security rules`);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
