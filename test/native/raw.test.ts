import { describe, expect, it } from 'vitest';
import { report } from './child.ts';

describe('openRaw', () => {
  it('openRaw(): an echo request is answered, and only the types asked for come in', async () => {
    expect(await report('raw-echo', [], { isolated: true })).toEqual({
      4: {
        replies: ['0 from 127.0.0.1: holdfast'],
        everything: ['8 from 127.0.0.1: holdfast', '0 from 127.0.0.1: holdfast'],
      },
      6: {
        replies: ['129 from ::1: holdfast'],
        everything: ['128 from ::1: holdfast', '129 from ::1: holdfast'],
      },
    });
  });
});
