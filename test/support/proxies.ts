/**
 * Real reverse proxies, started with the recipes of deploy/ as they are written, but for names, ports and certificates.
 *
 * Each runs in a directory of its own, in the foreground, on a free loopback port, and is ended by its process id.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');

export type ProxyName = 'nginx' | 'Caddy' | 'HAProxy' | 'Apache httpd';

export interface ProxyPlace {
  readonly port: number;
  /** `host:port` of the broker and of the MCP server. */
  readonly broker: string;
  readonly server: string;
  readonly credential: string;
}

interface Prepared {
  readonly command: string;
  readonly arguments: readonly string[];
}

/** The recipe with this place in it. Throws when it no longer says what is replaced, so that a recipe cannot drift away. */
function recipe(file: string, place: ProxyPlace, changes: readonly (readonly [string | RegExp, string])[]): string {
  const shared = [
    ['127.0.0.1:8787', place.broker],
    ['127.0.0.1:9000', place.server],
    ['the credential of the resource', place.credential],
  ] as const;
  let text = readFileSync(join(DEPLOY, file), 'utf8');
  for (const [from, to] of shared) text = text.replaceAll(from, to);
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`deploy/${file} does not say ${from}`);
    text = changed;
  }
  return text;
}

const PREPARE: Readonly<Record<ProxyName, (directory: string, place: ProxyPlace) => Prepared>> = {
  nginx: (directory, place) => {
    const server = recipe('nginx.conf', place, [
      ['listen 443 ssl;', `listen 127.0.0.1:${place.port};`],
      [/ssl_certificate .*\n/, '\n'],
      [/ssl_certificate_key .*\n/, '\n'],
      ['server_name notes.example.com', 'server_name localhost'],
    ]);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${directory}/${kind};`,
    );
    const whole = `daemon off; pid ${directory}/pid; error_log stderr; events {}
http { access_log off; ${paths.join(' ')} ${server} }`;
    return written(directory, 'nginx.conf', whole, (file) => ['nginx', ['-p', directory, '-e', 'stderr', '-c', file]]);
  },
  Caddy: (directory, place) => {
    const site = recipe('Caddyfile', place, [
      ['notes.example.com {', `http://localhost:${place.port} {\nbind 127.0.0.1`],
    ]);
    const whole = `{\nadmin off\nauto_https off\nstorage file_system ${directory}\n}\n${site}`;
    return written(directory, 'Caddyfile', whole, (file) => [
      'caddy',
      ['run', '--config', file, '--adapter', 'caddyfile'],
    ]);
  },
  HAProxy: (directory, place) => {
    const lua = join(directory, 'broker.lua');
    writeFileSync(lua, recipe('broker.lua', place, []));
    const whole = recipe('haproxy.cfg', place, [
      ['bind :443 ssl crt /etc/ssl/notes.example.com.pem', `bind 127.0.0.1:${place.port}`],
      ['/etc/haproxy/broker.lua', lua],
    ]);
    return written(directory, 'haproxy.cfg', whole, (file) => ['haproxy', ['-db', '-f', file]]);
  },
  'Apache httpd': (directory, place) => {
    const site = recipe('apache.conf', place, [
      ['<VirtualHost *:443>', `<VirtualHost 127.0.0.1:${place.port}>`],
      ['ServerName notes.example.com', 'ServerName localhost'],
      ['SSLEngine on', ''],
      [/SSLCertificateFile .*\n/, '\n'],
      [/SSLCertificateKeyFile .*\n/, '\n'],
    ]);
    const modules = ['mpm_event', 'headers', 'proxy', 'proxy_http', 'authz_core'].map(
      (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    );
    const whole = `${modules.join('\n')}\nServerRoot ${directory}\nPidFile ${directory}/pid\nErrorLog ${directory}/log
ServerName localhost\nListen 127.0.0.1:${place.port}\nMutex file:${directory} default\n${site}`;
    return written(directory, 'apache.conf', whole, (file) => ['apache2', ['-D', 'FOREGROUND', '-f', file]]);
  },
};

function written(
  directory: string,
  name: string,
  text: string,
  run: (file: string) => readonly [string, readonly string[]],
): Prepared {
  const file = join(directory, name);
  writeFileSync(file, `${text}\n`);
  const [command, given] = run(file);
  return { command, arguments: given };
}

/** Debian keeps daemons where ordinary people's PATH does not look. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** Starts the proxy and waits until it answers. Throws, saying what is missing, when it is not installed. */
export async function startProxy(name: ProxyName, place: ProxyPlace): Promise<{ close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'broker-proxy-'));
  const prepared = PREPARE[name](directory, place);
  try {
    execFileSync('sh', ['-c', `command -v ${prepared.command}`], { env: ENVIRONMENT });
  } catch {
    throw new Error(`${prepared.command} is not installed: run sh test/support/ensure-proxies.sh`);
  }
  const child = spawn(prepared.command, prepared.arguments, {
    env: { ...ENVIRONMENT, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const close = async () => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    if (child.exitCode !== null) break;
    const answered = await fetch(`http://localhost:${place.port}/nowhere`).then(
      () => true,
      () => false,
    );
    if (answered) return { close };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await close();
  throw new Error(`${name} did not start: ${said.slice(-2000)}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exit;
  clearTimeout(force);
}
