import type { Command } from 'commander';
import { withHistory } from './lib/history.ts';
import { withLimits } from './lib/limits.ts';
import { examples, note, port } from './lib/option.ts';
import { run } from './lib/run.ts';

// What this machine does for the mesh, apart from its limb.

export function addMachineCommands(program: Command): void {
  withLimits(withHistory(program.command('start')))
    .description('start the hub, its web face and one limb on this machine')
    .option('--port <port>', 'port of the hub and the web face', port, 3000)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addHelpText('after', note('Data is kept in .helix/ under this folder, or in HELIX_HOME.'))
    .addHelpText('after', examples('helix start', 'helix start --port 8080', 'HELIX_HOME=/srv/helix helix start'))
    .action((options) => run(async () => (await import('./commands/start.ts')).start(options)));
}

export function addSandboxCommands(program: Command): void {
  const sandbox = program.command('sandbox').description('the sandbox for Python on this machine');
  sandbox
    .command('check')
    .description('attack every sandbox engine of this machine and print what holds')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', examples('helix sandbox check'))
    .action((options) => run(async () => (await import('./commands/sandbox-check.ts')).sandboxCheck(options)));

  sandbox
    .command('mcp')
    .description('serve run_python, Python in the sandbox, to MCP clients: the one tool and nothing else of Helix')
    .option('--port <port>', 'serve over HTTP on this port of 127.0.0.1 (default: standard input and output)', port)
    .option(
      '--token-file <file>',
      'file with the token of HTTP clients (default: HELIX_MCP_TOKEN, or mcp.token in the data folder, which is made)',
    )
    .addHelpText('after', '\nSettings of an MCP client that starts it by itself:')
    .addHelpText('after', '  {"mcpServers":{"python":{"command":"npx","args":["helix","sandbox","mcp"]}}}\n')
    .addHelpText('after', 'Settings of an MCP client over HTTP, which has the token in its own environment:')
    .addHelpText('after', '  {"mcpServers":{"python":{"type":"http","url":"http://127.0.0.1:8765/mcp",')
    .addHelpText('after', `    "headers":{"Authorization":"Bearer \${HELIX_MCP_TOKEN}"}}}}`)
    .addHelpText('after', examples('helix sandbox mcp', 'helix sandbox mcp --port 8765'))
    .action((options) => run(async () => (await import('./commands/sandbox-mcp.ts')).sandboxMcp(options)));
}
