export { type PythonCall, PythonTool, type PythonToolOptions } from './client.ts';
export { type SandboxDescription, TIMEOUT_MS_MAX, TOOL_NAME } from './contract.ts';
export { servePython } from './serve.ts';
