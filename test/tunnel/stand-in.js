#!/usr/bin/env node
// A stand-in for cloudflared, ngrok, bore and tailscale, whichever name it is started by: it prints what these print by
// their documentation, and leads a port of 127.0.0.1, which it writes to stand-in.json in HOME, to where they would lead.
// How it shall fail stands in the same file.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename, join } from 'node:path';

const name = basename(process.argv[1]);
const args = process.argv.slice(2);
const file = join(process.env.HOME, 'stand-in.json');
const { failure } = JSON.parse(readFileSync(file, 'utf8'));
const out = (...lines) => process.stdout.write(`${lines.join('\n')}\n`);
const err = (...lines) => process.stderr.write(`${lines.join('\n')}\n`);
const after = (flag) => args[args.indexOf(flag) + 1];
const time = '2026-11-21T19:41:12Z';

const exits = (code) => process.exit(code);

function serve(target, ready) {
  const server = createServer((outside) => {
    const inside = connect(target, '127.0.0.1');
    outside.pipe(inside).pipe(outside);
    outside.on('error', () => inside.destroy());
    inside.on('error', () => outside.destroy());
  });
  server.listen(0, '127.0.0.1', () => {
    const environment = Object.keys(process.env).sort();
    writeFileSync(file, JSON.stringify({ failure, args, environment, port: server.address().port }));
    ready();
  });
}

const programs = {
  cloudflared() {
    if (args.includes('validate')) {
      const isGood = /service: "?http_status:404"?\s*$/.test(readFileSync(after('--config'), 'utf8'));
      if (isGood) {
        out('Validating rules from config', 'OK');
        return exits(0);
      }
      err(
        'Validation failed: The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)',
      );
      return exits(1);
    }
    err(`${time} INF Starting tunnel tunnelID=f174e90a-fafe-4643-bbbc-4a0ed4fc8415`);
    if (failure === 'bad-token') {
      err('Provided Tunnel token is not valid.', "See 'cloudflared tunnel run --help'.");
      return exits(255);
    }
    if (failure === 'refused') {
      err(`${time} ERR Couldn't start tunnel error="Unauthorized: Invalid tunnel secret"`);
      return exits(1);
    }
    if (failure === 'blocked') {
      err(`${time} INF Generated Connector ID: 1b7c`);
      err(
        `${time} ERR Failed to dial a quic connection error="failed to dial to edge with quic: timeout: no recent network activity" connIndex=0`,
      );
      return exits(1);
    }
    const url = args.includes('--url')
      ? after('--url')
      : /service: (http:\S+)/.exec(readFileSync(after('--config'), 'utf8'))?.[1];
    if (failure === 'no-quick') {
      err(`${time} INF Requesting new quick Tunnel on trycloudflare.com...`);
      err(
        'failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup api.trycloudflare.com: no such host',
      );
      return exits(1);
    }
    const port = url ? new URL(url).port : process.env.STAND_IN_TARGET;
    serve(Number(port), () => {
      if (args.includes('--url')) {
        const shown = 'https://angle-plain-river-stone.trycloudflare.com';
        err(`${time} INF Requesting new quick Tunnel on trycloudflare.com...`);
        err(`${time} INF +${'-'.repeat(88)}+`);
        err(
          `${time} INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |`,
        );
        err(`${time} INF |  ${shown.padEnd(86)}|`);
        err(`${time} INF +${'-'.repeat(88)}+`);
      }
      err(
        `${time} INF Registered tunnel connection connIndex=0 connection=a1 event=0 ip=198.41.200.13 location=ams01 protocol=quic`,
      );
    });
  },
  ngrok() {
    const log = (entry) => out(JSON.stringify({ lvl: 'info', t: time, ...entry }));
    log({ msg: 'no configuration paths supplied' });
    if (failure === 'bad-token' || failure === 'session') {
      const code = failure === 'session' ? 'ERR_NGROK_108' : 'ERR_NGROK_4018';
      const error = `authentication failed: The authtoken ${process.env.NGROK_AUTHTOKEN} is not accepted.\r\n\r\n${code}\r\n`;
      log({ lvl: 'eror', msg: 'failed to auth', obj: 'tunnels.session', err: error });
      log({ lvl: 'eror', msg: 'terminating with error', obj: 'app', err: error });
      err('ERROR:  authentication failed', `ERROR:  ${code}`);
      return exits(1);
    }
    serve(Number(args[1].split(':')[1]), () => {
      log({ msg: 'tunnel session started', obj: 'tunnels.session' });
      const url = args.includes('--url') ? after('--url') : 'https://0a1b-198-51-100-7.ngrok-free.app';
      log({ msg: 'started tunnel', obj: 'tunnels', name: 'command_line', addr: `http://${args[1]}`, url });
    });
  },
  bore() {
    const server = after('--to');
    const at = (level) => `\u001b[2m${time}\u001b[0m \u001b[32m${level}\u001b[0m bore_cli::client:`;
    if (failure === 'blocked') {
      err(`Error: could not connect to ${server}:7835`, '', 'Caused by:', '    Connection refused (os error 111)');
      return exits(1);
    }
    if (failure === 'taken') {
      err('Error: server error: port already in use');
      return exits(1);
    }
    if (failure === 'secret') {
      err('Error: server requires authentication, but no client secret was provided');
      return exits(1);
    }
    serve(Number(args[1]), () => {
      const port = args.includes('--port') ? after('--port') : '35735';
      out(`${at(' INFO')} connected to server \u001b[3mremote_port\u001b[0m\u001b[2m=\u001b[0m${port}`);
      out(`${at(' INFO')} listening at ${server}:${port}`);
    });
  },
  tailscale() {
    if (failure === 'away') {
      err("failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)");
      return exits(1);
    }
    if (failure === 'refused') {
      out(
        '',
        'Funnel is not enabled on your tailnet.',
        'To enable, visit:',
        '',
        '         https://login.tailscale.com/f/funnel?node=nA1',
        '',
      );
      return exits(1);
    }
    const target = new URL(args.at(-1));
    serve(Number(target.port), () => {
      const suffix = args.includes('--https=443') ? '' : ':8443';
      out(
        'Available on the internet:',
        '',
        `https://edge.tail1234.ts.net${suffix}/`,
        `|-- proxy ${target.origin}`,
        '',
        'Press Ctrl+C to exit.',
      );
    });
  },
};

process.on('SIGTERM', () => exits(0));
programs[name]();
setInterval(() => {}, 1000);
