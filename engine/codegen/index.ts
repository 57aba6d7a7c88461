export { type BindingsChange, compareBindings, writeBindings } from './bindings.ts';
export { generateTypeScript } from './typescript.ts';
