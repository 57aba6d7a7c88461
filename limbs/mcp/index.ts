export { type PythonCall, PythonTool } from './client.ts';
export { type SandboxDescription, TIMEOUT_MS_MAX } from './contract.ts';
export { type PythonEndpoint, servePythonOverHttp } from './http.ts';
export { servePython } from './serve.ts';
