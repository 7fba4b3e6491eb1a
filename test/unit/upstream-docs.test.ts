/** docs/upstreams.md says of every preset what its data says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../src/upstream/presets.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'upstreams.md'), 'utf8');
const [registering = '', behaviour = ''] = text.split('## What each preset does');

const rowOf = (part: string, preset: string): readonly string[] =>
  part
    .split('\n')
    .find((line) => line.startsWith(`| \`${preset}\` |`))
    ?.split('|')
    .slice(2, -1)
    .map((cell) => cell.trim()) ?? [];

const CALLS = { rfc7009: 'RFC 7009', discovered: 'RFC 7009', bearer: 'its own API', github: 'its own API' };

describe.each(Object.entries(PRESETS))('the page about %s', (name, preset) => {
  it('says where to register', () => {
    expect(rowOf(registering, name)).toHaveLength(2);
  });

  it('says what the data says', () => {
    const { facts } = preset;
    const subject = preset.kind === 'oidc' ? preset.subjectClaims : preset.identity.subject;
    const { kind, reach } = facts.revocation;
    expect(rowOf(behaviour, name)).toEqual([
      preset.scopes.length === 0 ? 'none' : `\`${preset.scopes.join(' ')}\``,
      subject.map((part) => `\`${part}\``).join('/'),
      facts.refresh.kind,
      kind === 'none' ? 'none' : `${CALLS[kind]}, ${reach}`,
      facts.pkce,
    ]);
  });
});
