/**
 * `init`: a first configuration from five answers, checked before it is written.
 *
 * Writes `broker.yaml` (no secret in it) and `.env` (mode 0600: the broker's own secrets, made here, and the place for
 * the upstream's). Asks on a terminal what no flag says. Must never overwrite a file, nor print a secret.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { defineCommand } from 'citty';
import { stringify } from 'yaml';
import { readConfig } from '../config/load.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { newSecret } from '../security/secrets.ts';
import { refuse } from './configured.ts';
import { EXIT } from './exit.ts';
import { scriptFrom } from './script.ts';
import { paint, type Terminal } from './terminal.ts';

interface Answers {
  readonly issuer: string;
  readonly resource: string;
  readonly upstream: string;
  readonly clientId: string;
  readonly upstreamIssuer: string;
}

const QUESTIONS: Readonly<Record<keyof Answers, string>> = {
  issuer: 'Public URL of the broker (https://auth.example.com)',
  resource: 'URL of the MCP server to protect (https://tickets.example.com/mcp)',
  upstream: 'Who signs people in: github, or oidc for any OpenID provider',
  upstreamIssuer: 'Issuer of the OpenID provider (https://login.example.com)',
  clientId: 'Client ID that the upstream gave you for the broker',
};

export const init = defineCommand({
  meta: { name: 'init', description: 'Write a first broker.yaml and .env' },
  args: {
    issuer: { type: 'string', valueHint: 'URL', description: QUESTIONS.issuer },
    resource: { type: 'string', valueHint: 'URL', description: QUESTIONS.resource },
    upstream: { type: 'string', valueHint: 'github|oidc', description: QUESTIONS.upstream },
    'upstream-issuer': { type: 'string', valueHint: 'URL', description: QUESTIONS.upstreamIssuer },
    'client-id': { type: 'string', valueHint: 'ID', description: QUESTIONS.clientId },
  },
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const [config, env] = [resolve(terminal.cwd, 'broker.yaml'), resolve(terminal.cwd, '.env')];
    const taken = [config, env].filter((file) => existsSync(file));
    if (taken.length > 0) {
      terminal.err(`✗ ${taken.join(' and ')} exist already; init overwrites nothing\n`);
      return EXIT.problem;
    }
    const given = {
      issuer: args.issuer,
      resource: args.resource,
      upstream: args.upstream,
      clientId: args['client-id'],
      upstreamIssuer: args['upstream-issuer'],
    };
    const answers = await complete(given, terminal);
    if (answers === undefined) return EXIT.usage;
    return write(answers, { config, env }, terminal);
  },
});

/** Asks for what is missing; undefined, with the missing flags named, where nobody can be asked. */
async function complete(
  given: Readonly<Record<keyof Answers, string | undefined>>,
  terminal: Terminal,
): Promise<Answers | undefined> {
  const answers: Record<string, string> = {};
  const missing: string[] = [];
  const asking = terminal.interactive ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  for (const [name, question] of Object.entries(QUESTIONS)) {
    if (name === 'upstreamIssuer' && answers.upstream !== 'oidc') continue;
    if (name === 'clientId' && answers.issuer !== undefined && answers.upstream !== undefined)
      terminal.out(`Register this callback at the upstream, exactly: ${answers.issuer}/callback/${answers.upstream}\n`);
    const answer = given[name as keyof Answers] ?? (await asking?.question(`${question}: `))?.trim();
    if (answer === undefined || answer === '')
      missing.push(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    else answers[name] = answer;
  }
  asking?.close();
  if (missing.length === 0) return { upstreamIssuer: '', ...answers } as Answers;
  terminal.err(`✗ still needed: ${missing.join(', ')}\n`);
  return undefined;
}

function write(answers: Answers, files: { readonly config: string; readonly env: string }, terminal: Terminal): number {
  const text = configuration(answers);
  const secrets = { BROKER_SECRET: newSecret(), BROKER_ADMIN_KEY: newSecret(), MCP_SERVER_SECRET: newSecret() };
  const checked = readConfig(text, {
    env: { ...secrets, UPSTREAM_SECRET: newSecret() },
    baseDir: terminal.cwd,
    name: 'broker.yaml',
  });
  if (!checked.ok) {
    refuse(terminal, checked.problems);
    return EXIT.configuration;
  }
  writeFileSync(files.config, text, { flag: 'wx' });
  const lines = [...Object.entries(secrets), ['UPSTREAM_SECRET', '']].map(([name, value]) => `${name}=${value}`);
  writeFileSync(files.env, `${lines.join('\n')}\n`, { flag: 'wx', mode: 0o600 });
  const program = scriptFrom(terminal.cwd);
  terminal.out(
    [
      `${paint(terminal, 'green', '✓')} broker.yaml and .env written`,
      '  1  Put the upstream’s client secret into .env as UPSTREAM_SECRET',
      '  2  Give MCP_SERVER_SECRET to the MCP server; it asks /introspect with it',
      `  3  node --env-file=.env ${program} config check`,
      `  4  node --env-file=.env ${program} serve`,
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}

function configuration({ issuer, resource, upstream, clientId, upstreamIssuer }: Answers): string {
  const name = parseUrl(resource)?.hostname ?? 'MCP server';
  const reference = {
    secret: '${BROKER_SECRET}',
    admin: '${BROKER_ADMIN_KEY}',
    server: '${MCP_SERVER_SECRET}',
    upstream: '${UPSTREAM_SECRET}',
  };
  return stringify({
    issuer,
    database: 'sqlite:./data/broker.db',
    secrets: [reference.secret],
    brand: { name },
    upstreams: {
      [upstream]: {
        preset: upstream,
        ...(upstream === 'oidc' && { issuer: upstreamIssuer }),
        client_id: clientId,
        client_secret: reference.upstream,
      },
    },
    resources: {
      server: {
        url: resource,
        name,
        upstream,
        credential: reference.server,
        scopes: {
          'mcp:use': {
            title: `Use ${name}`,
            description: 'Everything its tools can do, as you.',
            risk: 'change',
            default: true,
          },
        },
      },
    },
    admin: { keys: [reference.admin] },
  });
}
