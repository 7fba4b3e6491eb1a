/**
 * A small accepted configuration as text, and ways to read a changed one.
 */
import { type Loaded, readConfig } from '../../src/config/load.ts';
import type { Problem } from '../../src/config/problems.ts';

export const GOOD_SECRET = 'kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0aJgUeVi';

/** The parts of an accepted configuration; tests replace or add top-level parts. */
const PARTS: Readonly<Record<string, string>> = {
  issuer: 'issuer: https://auth.example.com',
  secrets: `secrets: ["${GOOD_SECRET}"]`,
  upstreams: 'upstreams:\n  corp: { preset: oidc, issuer: "https://login.corp.example/", client_id: broker }',
  resources:
    'resources:\n  tickets: { url: "https://tickets.example.com/mcp", name: Tickets, upstream: corp, scopes: { "tickets:read": { title: Read, risk: view } } }',
};

export const configText = (changes: Readonly<Record<string, string>> = {}): string =>
  `${Object.values({ ...PARTS, ...changes }).join('\n')}\n`;

export const readText = (text: string, env: Record<string, string> = {}, baseDir = '/etc/broker'): Loaded =>
  readConfig(text, { env, baseDir, name: 'broker.yaml' });

/** The problems of a changed configuration; none when it is accepted. */
export function problemsWith(
  changes: Readonly<Record<string, string>>,
  env: Record<string, string> = {},
): readonly Problem[] {
  const loaded = readText(configText(changes), env);
  return loaded.ok ? [] : loaded.problems;
}
