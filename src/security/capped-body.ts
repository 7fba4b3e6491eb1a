/**
 * Reading a foreign body without letting it grow: one cap for the bytes on the wire and for the decoded bytes.
 *
 * Must never hold more than the cap, and never decode twice (a bomb needs few bytes).
 */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

/** The message is for the log only. */
export class BodyRefused extends Error {
  readonly reason: 'oversize' | 'undecodable';
  constructor(reason: 'oversize' | 'undecodable', cause: string) {
    super(cause);
    this.reason = reason;
  }
}

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) } as const;

/** The whole body; throws BodyRefused as soon as it is longer than `maxBytes`. */
export async function readCapped(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new BodyRefused('oversize', `more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Undoes the content coding of RFC 9110 8.4, at most one, up to `maxBytes` of result. Throws BodyRefused. */
export async function decodeCapped(
  wire: Buffer<ArrayBuffer>,
  coding: string | string[] | undefined,
  maxBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  if (coding === undefined || coding === 'identity') return wire;
  if (coding !== 'gzip' && coding !== 'deflate' && coding !== 'br') {
    throw new BodyRefused('undecodable', 'unknown content encoding');
  }
  try {
    return Buffer.from(await DECODERS[coding](wire, { maxOutputLength: maxBytes }));
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLarge) throw new BodyRefused('oversize', `more than ${maxBytes} bytes when decoded`);
    throw new BodyRefused('undecodable', `not ${coding}`);
  }
}
