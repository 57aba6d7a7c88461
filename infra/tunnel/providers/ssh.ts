import { z } from 'zod';
import { requireProgram } from '../process/program.ts';
import { requireSecretFile } from '../process/secret.ts';
import { type Known, type Launch, type Provider, problemIn } from './provider.ts';
import { filePath, httpAddress, portNumber, word } from './settings.ts';

export const sshSettings = z.strictObject({
  kind: z.literal('ssh'),
  /** `user@host` */
  destination: word,
  port: portNumber.default(22),
  /** Where it is reached from outside: the server's own address and remote port, or that of a proxy before it. */
  address: httpAddress,
  remotePort: portNumber,
  /** The address that the server listens on; default: the server's own choice, which is its loopback. */
  remoteHost: word.optional(),
  /** The private key; default: that of the agent. */
  identityFile: filePath.optional(),
  /** The keys of the server; one that is not in here is refused. */
  knownHostsFile: filePath,
});

/** Reverse forwarding by the system's OpenSSH. */
export class SshProvider implements Provider {
  readonly kind = 'ssh';
  readonly #settings: z.infer<typeof sshSettings>;

  constructor(settings: z.infer<typeof sshSettings>) {
    this.#settings = settings;
  }

  async launch(port: number): Promise<Launch> {
    const settings = this.#settings;
    const command = requireProgram('ssh', 'run `apt-get install openssh-client`');
    if (settings.identityFile !== undefined) await requireSecretFile(settings.identityFile, 'the private key');
    const agent = process.env['SSH_AUTH_SOCK'];
    const known = problems(settings);
    return {
      command,
      args: sshArguments(settings, port),
      env: settings.identityFile === undefined && agent ? { SSH_AUTH_SOCK: agent } : {},
      address: settings.address,
      read: (line) => problemIn(line, known),
    };
  }
}

function sshArguments(settings: z.infer<typeof sshSettings>, port: number): string[] {
  const { remoteHost, remotePort, identityFile, knownHostsFile } = settings;
  const from = remoteHost === undefined ? `${remotePort}` : `${remoteHost}:${remotePort}`;
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile="${knownHostsFile}"`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'PreferredAuthentications=publickey',
    ...(identityFile === undefined ? [] : [`IdentityFile="${identityFile}"`, 'IdentitiesOnly=yes']),
    'ExitOnForwardFailure=yes',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'ControlMaster=no',
    'ControlPath=none',
    'ForwardAgent=no',
    'ForwardX11=no',
    'PermitLocalCommand=no',
  ];
  return [
    // The options are these, whatever the user's own configuration says.
    ...['-F', 'none', '-N', '-T'],
    ...options.flatMap((option) => ['-o', option]),
    ...['-p', String(settings.port), '-R', `${from}:127.0.0.1:${port}`],
    ...['--', settings.destination],
  ];
}

function problems({ destination, port, remotePort, knownHostsFile }: z.infer<typeof sshSettings>): Known[] {
  const host = destination.slice(destination.lastIndexOf('@') + 1);
  const scan = `run \`ssh-keyscan -p ${port} ${host} >>${knownHostsFile}\` and compare its fingerprint (\`ssh-keygen -lf ${knownHostsFile}\`) with the server's own`;
  return [
    {
      pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
      message: `${host} has another key than ${knownHostsFile} says: somebody may stand between. Ask its operator before you replace the line there`,
      isFinal: true,
    },
    {
      pattern: /No \S+ host key is known|Host key verification failed/,
      message: `${knownHostsFile} has no key of ${host}: ${scan}`,
      isFinal: true,
    },
    {
      pattern: /Permission denied \(/,
      message: `${host} does not let ${destination} in by this key: add the public key to ~/.ssh/authorized_keys there`,
      isFinal: true,
    },
    {
      pattern: /remote port forwarding failed for listen port/,
      message: `${host} does not listen on ${remotePort}: another session may have the port, or its sshd_config has no AllowTcpForwarding remote`,
    },
    {
      pattern: /Could not resolve hostname/,
      message: `The name ${host} leads nowhere: check it and this machine's DNS`,
    },
    {
      pattern: /Connection refused|Connection timed out|No route to host|Network is unreachable/,
      message: ([why]) => `${host} cannot be reached on port ${port}: ${why}`,
    },
    { pattern: /Timeout, server .* not responding/, message: `${host} has fallen silent` },
    { pattern: /Connection to .* closed by remote host/, message: `${host} closed the connection` },
  ];
}
