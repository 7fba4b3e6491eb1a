/**
 * What a refused configuration says in words: which key, which place in a list, what to add, and no markup.
 */
import { expect, test } from 'vitest';
import { problemsWith } from '../support/config-text.ts';

const resource = (rest: string) =>
  `resources:\n  tickets: { url: "https://t.example/mcp", name: T, upstream: corp, ${rest} }`;

test.each<[string, Record<string, string>, object]>([
  [
    'a key that stands twice, by its name and line',
    { extra: 'brand: { name: A }\nissuer: https://other.example' },
    { code: 'E100', place: 'broker.yaml:8', problem: expect.stringMatching(/^issuer /), fix: 'remove one of the two' },
  ],
  [
    'a missing setting, without markup',
    { secrets: '' },
    { code: 'E105', fix: expect.stringMatching(/ To change it: docs\/operations\.md#key-ring\.$/) },
  ],
  [
    'a weak secret, by its place in the list',
    { secrets: `secrets: ["${'a'.repeat(64)}"]` },
    { code: 'E108', problem: expect.stringMatching(/^secrets\[0\]: this secret /) },
  ],
  [
    'a scope of a rule where there are no scopes',
    {
      trusted_proxies: 'trusted_proxies: [10.0.0.0/8]',
      resources: resource('scopes: {}, rules: [{ paths: ["/x"], scopes: [a] }]'),
    },
    { code: 'E128', fix: 'nothing is configured; add the scope to resources.tickets.scopes' },
  ],
  [
    'an administrator limited to a resource where there are none',
    { resources: '', admin: 'admin: { people: [{ upstream: corp, subject: a, role: admin, resources: [x] }] }' },
    { code: 'E110', fix: 'nothing is configured; add it to resources' },
  ],
])('the words name %s', (_, changes, said) => {
  expect(problemsWith(changes)).toContainEqual(expect.objectContaining(said));
});
