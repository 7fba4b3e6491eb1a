/** Times of last use: noted where the database takes them, and never a reason to turn somebody away who may come in. */
import { StoreUnavailable } from '../store.ts';

/** Waits for the note; one that the database does not take now is left out, so that access can be ended on a full disk. */
export async function ifThereIsRoom(note: Promise<unknown>): Promise<void> {
  try {
    await note;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}
