/**
 * An answer on its way to the client, no faster than the client reads, and no longer than its token is good.
 *
 * The token is looked at again every few seconds while the stream is open: when it has ended or the broker stops, so does
 * the stream. Must never let a broken answer look like a whole one.
 */
import type { ServerResponse } from 'node:http';
import { isStillGood } from './answer-body.ts';
import type { ServerAnswer } from './dial.ts';
import type { Visit } from './visit.ts';

const LOOK_EVERY_MS = 5_000;

/**
 * `source` is what is read, `body` what is destroyed when nobody reads any more. When the token has ended, `close` ends
 * the stream in order, as event streams may end at any time; `cut` breaks the connection.
 */
export function watchedStream(
  source: AsyncIterable<Buffer>,
  body: ServerAnswer['body'],
  visit: Visit,
  atEnd: 'close' | 'cut',
): ReadableStream<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let ended = false;
  const finish = () => {
    ended = true;
    clearInterval(timer);
    body.destroy();
  };
  const end = () => {
    if (ended) return;
    finish();
    if (atEnd === 'cut') cutConnection(visit);
  };
  const timer = setInterval(() => {
    isStillGood(visit).then(
      (good) => {
        if (!good) end();
      },
      // A store that cannot answer cannot say yes.
      end,
    );
  }, LOOK_EVERY_MS);
  timer.unref();

  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const next = await chunks.next();
        if (next.done !== true) return controller.enqueue(next.value);
        finish();
      } catch (error) {
        if (!ended) broken(visit, error);
        finish();
      }
      controller.close();
    },
    cancel: finish,
  });
}

/** The server's answer broke off, or could not be examined: the client has to see that it is not whole. */
function broken(visit: Visit, error: unknown): void {
  const { c, deps, resource } = visit;
  deps.metrics.refused('front', 'answer_broken');
  deps.log.warn(
    {
      event: 'front.answer_broken',
      resource: resource.key,
      reference: c.get('event').reference,
      reason: error instanceof Error ? error.message : 'unknown',
    },
    'an MCP server’s answer broke off',
  );
  cutConnection(visit);
}

const cutConnection = ({ c }: Visit): void => {
  (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing?.destroy();
};
