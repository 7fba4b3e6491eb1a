/** Times as people type them: RFC 3339, a date, or an age such as `90d`. */
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** RFC 3339 in UTC; undefined for none and for what is no time. `nowMs` is what an age counts back from. */
export function momentOf(text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (digits !== undefined) return new Date(nowMs - Number(digits) * (UNITS[unit] ?? 0)).toISOString();
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
