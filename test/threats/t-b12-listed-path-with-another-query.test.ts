/** T-B12: a listed callback with a query of somebody else's is not the listed callback. */
import { describe, expect, it } from 'vitest';
import { isListed } from '../../src/domain/catalog/entry.ts';
import { describeDestination } from '../../src/domain/destination.ts';

const listed = [
  'https://vscode.dev/redirect',
  'https://app.example/cb?tenant=7',
  'https://chatgpt.com/connector/oauth/*',
];

function isOn(uri: string): boolean {
  const destination = describeDestination(uri, () => undefined);
  if (destination === undefined) throw new Error('not a URI');
  return isListed(listed, uri, destination);
}

describe('a catalogue destination with an exact path', () => {
  it('is that path with exactly the listed query', () => {
    expect(isOn('https://vscode.dev/redirect')).toBe(true);
    expect(isOn('https://app.example/cb?tenant=7')).toBe(true);
    expect(isOn('https://vscode.dev/redirect?url=https%3A%2F%2Fevil.example')).toBe(false);
    expect(isOn('https://app.example/cb?tenant=8')).toBe(false);
    expect(isOn('https://app.example/cb')).toBe(false);
  });

  it('is anything below where the entry says so', () => {
    expect(isOn('https://chatgpt.com/connector/oauth/abc?x=1')).toBe(true);
  });
});
