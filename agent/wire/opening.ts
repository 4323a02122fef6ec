/**
 * Whether a message begins as `encode…` writes it, its kind first. What members say beside ownership's messages is told apart by
 * that, so that those, which may be large, are read only once.
 */
export function beginsAs(bytes: Uint8Array, kind: string): boolean {
  const opening = `{"kind":"${kind}"`; // ASCII
  for (let at = 0; at < opening.length; at++) if (bytes[at] !== opening.charCodeAt(at)) return false;
  return true;
}
