/** What the third party's grant leaves of our scopes. */
import { describe, expect, it } from 'vitest';
import { grantableScopes } from '../../src/domain/scope.ts';
import type { Resource, ScopeDefinition } from '../../src/domain/types.ts';
import { PRESETS } from '../../src/upstream/presets.ts';

const scope = (
  name: string,
  upstream: readonly string[],
  implies: readonly string[] = [],
): [string, ScopeDefinition] => [
  name,
  { name, title: name, description: undefined, risk: 'view', upstream, implies, optional: false, default: false },
];

const resource: Resource = {
  key: 'code',
  url: 'https://code.example/mcp',
  aliases: [],
  name: 'Code',
  upstream: 'github',
  accessTokens: 'opaque',
  scopes: new Map([
    scope('about', []),
    scope('read', ['public_repo']),
    scope('write', ['repo'], ['read']),
    scope('admin', ['repo', 'admin:org'], ['write']),
  ]),
};
const left = (ours: readonly string[], granted: readonly string[], hierarchy = {}) =>
  grantableScopes(ours, granted, resource, hierarchy);
const GITHUB = PRESETS.github.facts.scopeHierarchy;

describe('our scopes after the upstream has granted', () => {
  it('all stay where everything was granted, in their order', () => {
    expect(left(['write', 'about'], ['public_repo', 'repo'])).toEqual(['write', 'about']);
  });

  it('go where what they need was not granted', () => {
    expect(left(['read', 'about'], ['user'])).toEqual(['about']);
  });

  it('shrink to what they imply where that was granted', () => {
    expect(left(['write'], ['public_repo'])).toEqual(['read']);
    expect(left(['admin'], ['repo', 'public_repo'])).toEqual(['write']);
  });

  it('are none where nothing was granted', () => {
    expect(left(['admin', 'read'], [])).toEqual([]);
  });

  it('that need nothing upstream always stay', () => {
    expect(left(['about'], [])).toEqual(['about']);
  });

  it("are covered by what the provider's scopes include, over several steps", () => {
    expect(left(['write'], ['repo'])).toEqual([]);
    expect(left(['write'], ['repo'], GITHUB)).toEqual(['write']);
    expect(left(['read'], ['a'], { a: ['b'], b: ['a', 'public_repo'] })).toEqual(['read']);
  });

  it('are not covered by names that every object has', () => {
    expect(left(['read'], ['constructor', '__proto__'])).toEqual([]);
  });

  it('never grow', () => {
    expect(left(['read'], ['repo', 'admin:org', 'public_repo'], GITHUB)).toEqual(['read']);
  });
});
