/** "Did you mean": the known name that the fewest edits turn a wrong one into. */

/** Nothing where no name is near enough to be a slip of the same word. Ties go to the first. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  // A third of the letters may differ; comparing lengths first keeps hostile ones from costing anything.
  let distanceMax = Math.max(1, Math.floor(wrong.length / 3));
  for (const name of known) {
    if (Math.abs(name.length - wrong.length) > distanceMax) continue;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance > distanceMax) continue;
    nearest = name;
    if (distance === 0) return name;
    distanceMax = distance - 1;
  }
  return nearest;
}

/** Insertions, deletions and substitutions of UTF-16 code units (Levenshtein), row by row. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
