/** Cuts a byte stream into lines; what it keeps is bounded, however the bytes arrive. */

export type LineSplitter = {
  /**
   * The lines that are complete now, without their newlines. After a line longer than the bound the framing is lost:
   * `tooLong` is true for good, and nothing more is kept.
   */
  push(chunk: Uint8Array): { readonly lines: readonly Uint8Array[]; readonly tooLong: boolean };
};

export function lineSplitter(lineBytesMax: number): LineSplitter {
  let parts: Uint8Array[] = []; // of the line that is not complete; together at most lineBytesMax
  let partsBytes = 0;
  let tooLong = false;
  return {
    push(chunk) {
      const lines: Uint8Array[] = [];
      let start = 0;
      while (!tooLong) {
        const newline = chunk.indexOf(0x0a, start);
        const piece = chunk.subarray(start, newline < 0 ? chunk.length : newline);
        if (partsBytes + piece.length > lineBytesMax) {
          tooLong = true;
          parts = [];
          break;
        }
        if (newline < 0) {
          parts.push(piece);
          partsBytes += piece.length;
          // A client that sends single bytes would otherwise make us keep an object for each.
          if (parts.length > partsMax) parts = [Buffer.concat(parts)];
          break;
        }
        lines.push(parts.length === 0 ? piece : Buffer.concat([...parts, piece]));
        parts = [];
        partsBytes = 0;
        start = newline + 1;
      }
      return { lines, tooLong };
    },
  };
}

const partsMax = 64;
