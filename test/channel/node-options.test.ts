import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { nodeOptions, nodeOptionsFor } from '../../agent/channel/node-options.ts';

describe('nodeOptionsFor()', () => {
  it.each([
    {
      v8: '11.3.244.8-node.33',
      options: [
        '--single-threaded',
        '--interrupt-budget=1000000',
        '--max-inlined-bytecode-size-cumulative=150',
        '--no-flush-bytecode',
      ],
    },
    { v8: '12.4.254.21-node.21', options: ['--single-threaded'] },
    { v8: '13.6.233.10-node.28', options: ['--single-threaded'] },
  ])('V8 $v8: $options', ({ v8, options }) => {
    expect(nodeOptionsFor(v8)).toEqual(options);
  });

  it('this Node starts with its own', () => {
    const { status, stderr } = spawnSync(process.execPath, [...nodeOptions, '-e', ''], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
