export { type PythonCall, PythonTool } from './client.ts';
export { type SandboxDescription, timeoutMsMax } from './contract.ts';
export { type PythonEndpoint, servePythonOverHttp } from './http.ts';
export { servePython } from './serve.ts';
