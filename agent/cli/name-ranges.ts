/**
 * Names of a pool in the order given, runs of three or more written as a range: `edge-01..edge-06, www`. A run counts up by
 * one and keeps its number of digits.
 */
export function nameRanges(names: readonly string[]): string {
  const parts: string[] = [];
  for (let start = 0; start < names.length; ) {
    let end = start;
    while (end + 1 < names.length && follows(names[end], names[end + 1])) end += 1;
    if (end - start >= 2) parts.push(`${names[start]}..${names[end]}`);
    else parts.push(...names.slice(start, end + 1));
    start = end + 1;
  }
  return parts.join(', ');
}

function follows(name: string | undefined, next: string | undefined): boolean {
  const digits = name?.match(/\d+$/)?.[0];
  if (name === undefined || digits === undefined) return false;
  const successor = String(Number(digits) + 1).padStart(digits.length, '0');
  return next === name.slice(0, -digits.length) + successor;
}
