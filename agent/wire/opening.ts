/**
 * What members say beside ownership's messages is told apart by how it begins, its kind first as `encode…` writes it, so that ownership's
 * messages, which may be large, are read only once.
 */

/** The fields of a JSON object that begins with this kind. Null where it is another message, or not JSON. Never throws. */
export function readOpened(bytes: Uint8Array, kind: string): Readonly<Record<string, unknown>> | null {
  if (!beginsAs(bytes, kind)) return null;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}

function beginsAs(bytes: Uint8Array, kind: string): boolean {
  const opening = `{"kind":"${kind}"`; // ASCII
  for (let at = 0; at < opening.length; at++) if (bytes[at] !== opening.charCodeAt(at)) return false;
  return true;
}
