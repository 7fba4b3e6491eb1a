/** Why a copy of the database was not made or put back, in words for the operator; never stored values. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';
}
