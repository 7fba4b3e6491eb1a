/**
 * The decision about a token at a resource, and the exact challenge a refused caller is sent.
 */
import { describe, expect, it } from 'vitest';
import { judgeAccess, refuseOtherWay } from '../../src/domain/access.ts';
import { bearerChallenge, bearerToken } from '../../src/domain/challenge.ts';
import { resourceMetadataUrl } from '../../src/domain/resource-metadata.ts';
import type { Resource, ScopeDefinition } from '../../src/domain/types.ts';

const scope = (name: string, more: Partial<ScopeDefinition> = {}): [string, ScopeDefinition] => [
  name,
  {
    name,
    title: name,
    description: undefined,
    risk: 'view',
    upstream: [],
    implies: [],
    optional: false,
    default: false,
    ...more,
  },
];
const notes: Resource = {
  key: 'notes',
  url: 'https://notes.example.com/mcp',
  aliases: [],
  name: 'Notes',
  upstream: 'corp',
  accessTokens: 'opaque',
  scopes: new Map([
    scope('notes:read', { default: true }),
    scope('notes:write', { risk: 'change', implies: ['notes:read'] }),
    scope('notes:purge', { risk: 'high' }),
  ]),
};
const METADATA = 'resource_metadata="https://notes.example.com/.well-known/oauth-protected-resource/mcp"';
const TOKEN_REFUSED =
  'Bearer error="invalid_token", error_description="The access token is unknown, expired, revoked or meant for another server"';

describe('a token', () => {
  it('opens what needs no more than it has', () => {
    expect(judgeAccess({ resource: 'notes', scopes: ['notes:read'] }, notes, ['notes:read'])).toEqual({
      allowed: true,
    });
    expect(judgeAccess({ resource: 'notes', scopes: [] }, notes, [])).toEqual({ allowed: true });
  });

  it('counts with what its scopes imply', () => {
    expect(judgeAccess({ resource: 'notes', scopes: ['notes:write'] }, notes, ['notes:read', 'notes:write'])).toEqual({
      allowed: true,
    });
  });

  it('with too little is told every scope of the operation', () => {
    const held = { resource: 'notes', scopes: ['notes:read'] };
    expect(judgeAccess(held, notes, ['notes:read', 'notes:write', 'notes:purge'])).toEqual({
      allowed: false,
      status: 403,
      error: 'insufficient_scope',
      challenge: `Bearer error="insufficient_scope", error_description="Ask the person for more access; a refresh cannot add any", scope="notes:read notes:write notes:purge", ${METADATA}`,
    });
  });

  it('of another resource is no token, whatever its scopes are called', () => {
    expect(judgeAccess({ resource: 'tasks', scopes: ['notes:read'] }, notes, [])).toEqual({
      allowed: false,
      status: 401,
      error: 'invalid_token',
      challenge: `${TOKEN_REFUSED}, scope="notes:read", ${METADATA}`,
    });
  });
});

describe('no token', () => {
  it('is told where to begin and with which scopes, without an error', () => {
    expect(judgeAccess('missing', notes, [])).toEqual({
      allowed: false,
      status: 401,
      error: undefined,
      challenge: `Bearer scope="notes:read", ${METADATA}`,
    });
    expect(judgeAccess('missing', notes, ['notes:write'])).toMatchObject({
      challenge: `Bearer scope="notes:write", ${METADATA}`,
    });
  });

  it('is refused alike when it is not well-formed and when it is not live', () => {
    const refused = { status: 401, challenge: `${TOKEN_REFUSED}, scope="notes:read", ${METADATA}` };
    expect(judgeAccess('malformed', notes, [])).toMatchObject(refused);
    expect(judgeAccess('not_live', notes, [])).toMatchObject(refused);
  });

  it('that came by another way is told which way is right', () => {
    expect(refuseOtherWay(notes, [])).toMatchObject({ status: 401, error: 'invalid_request' });
  });
});

describe('a challenge', () => {
  it('cannot be left by quotes, backslashes or line ends', () => {
    expect(bearerChallenge({ metadataUrl: 'https://a.example/"x\\\r\nSet-Cookie: a=b', scopes: ['é"', 'b'] })).toBe(
      'Bearer scope="\\" b", resource_metadata="https://a.example/\\"x\\\\Set-Cookie: a=b"',
    );
  });

  it.each([
    ['https://notes.example.com', 'https://notes.example.com/.well-known/oauth-protected-resource'],
    ['https://notes.example.com/a/mcp', 'https://notes.example.com/.well-known/oauth-protected-resource/a/mcp'],
    ['https://notes.example.com/mcp?a=b', 'https://notes.example.com/.well-known/oauth-protected-resource/mcp?a=b'],
    ['http://localhost:9000/mcp', 'http://localhost:9000/.well-known/oauth-protected-resource/mcp'],
  ])('names the metadata of %s at %s', (url, expected) => {
    expect(resourceMetadataUrl({ url })).toBe(expected);
  });
});

describe('the Authorization header', () => {
  it.each([
    ['Bearer mcb_at_x', 'mcb_at_x'],
    ['bearer  abc.def-_~+/==', 'abc.def-_~+/=='],
    ['Bearer', ''],
    ['Bearer a b', ''],
    ['Bearer a, Bearer b', ''],
    ['Bearer "a"', ''],
    ['Basic abc', undefined],
    ['Bearerabc', undefined],
    [undefined, undefined],
  ])('%s carries %s', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});
